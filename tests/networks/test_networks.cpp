// Compares the networks of examples/networks with the same networks in PyTorch, one training step with a gradient
// penalty: see make_reference.py.
#include "networks/conditional.hpp"
#include "networks/feature_matching.hpp"
#include "networks/pix2pix.hpp"
#include "networks/self_attention.hpp"
#include "networks/style.hpp"
#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

constexpr int reference_batch = 3;

const Safetensors& reference() {
    static const Safetensors file = read_safetensors(GANTRY_NETWORKS_FOLDER "/reference.safetensors");
    return file;
}
template <class T>
std::vector<T> numbers_of(const std::string& name) {
    std::vector<T> numbers(reference().tensors.at(name).data.size() / sizeof(T));
    io::copy_values(reference(), name, std::span(numbers));
    return numbers;
}
template <class Net>
void load(Net& network, const std::string& name) {
    CheckpointReader reader(part_of(reference(), name, "reference.safetensors"), "reference.safetensors");
    reader.network("", network);
    reader.apply();
}
/// The largest difference, relative to 1 + the magnitude of the expected number.
template <class T>
double error_of(const std::vector<T>& got, const std::vector<double>& expected) {
    REQUIRE(got.size() == expected.size());
    double largest = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double error = std::abs(static_cast<double>(got[i]) - expected[i]) / (1 + std::abs(expected[i]));
        largest = error <= largest ? largest : std::isnan(error) ? INFINITY : error;
    }
    return largest;
}

/// Labels, Shape<Batch>.
struct Labels {};
template <class T, class S, class D>
auto input(D& device, std::type_identity<S>, const std::string& name) {
    if constexpr (std::is_same_v<S, Labels>) {
        const auto labels = numbers_of<std::int64_t>(name);
        return from_host<Shape<Batch>>(device, reference_batch,
                                       std::vector<std::int32_t>(labels.begin(), labels.end()));
    } else {
        const auto numbers = numbers_of<double>(name);
        return from_host<S>(device, reference_batch, std::vector<T>(numbers.begin(), numbers.end()));
    }
}
/// All outputs of a network as a tuple.
template <class Y>
auto outputs(const Y& y) {
    if constexpr (AnyTensor<Y>)
        return std::tuple{y};
    else
        return std::tuple{y.features, y.logits};
}

template <class Architecture, class T, class D, class First, class... More>
void check_step(const std::string& name, double tolerance) {
    CAPTURE(name, sizeof(T));
    D device;
    Network<Architecture, D, T> network{device, Seed{1}};
    load(network, name + ".before");
    Sgd sgd{network, {.learning_rate = 0.1}};
    {
        const Step step{device};
        const auto x = variable(input<T>(device, std::type_identity<First>{}, name + ".input0"));
        const auto y = outputs(network(x, input<T>(device, std::type_identity<More>{}, name + ".input1")...));
        CHECK(error_of(std::get<0>(y).to_host(), numbers_of<double>(name + ".output")) < tolerance);
        const auto total = std::apply([](const auto&... one) { return (sum(one) + ...); }, y);
        const auto slope = grad(total, x, {.create_graph = true});
        const auto penalty = mean(sum_per_sample(square(slope)));
        const auto loss =
            std::apply([](const auto&... one) { return (mean(square(one)) + ...); }, y) + penalty;
        CHECK(error_of(std::vector{loss.item(), penalty.item()}, numbers_of<double>(name + ".losses")) < tolerance);
        sgd.step(backward(loss, network));
    }
    Cpu host;
    Network<Architecture, Cpu, double> expected{host, Seed{2}};
    load(expected, name + ".after");
    CHECK(error_of(network.parameters().to_host(), expected.parameters().to_host()) < tolerance);
    CHECK(error_of(network.states().to_host(), expected.states().to_host()) < tolerance);
}
template <class T, class D>
void check_steps(double tolerance) {
    using namespace networks;
    using Image = Shape<Batch, 8, 8, 3>;
    using Large = Shape<Batch, 32, 32, 3>;
    using Noise = Shape<Batch, 5>;
    check_step<SmallUnet<8, 2>, T, D, Image>("unet", tolerance);
    check_step<PatchDiscriminator<32, 3, 2>, T, D, Large, Large>("patches", tolerance);
    check_step<ConditionalGenerator<5, 4, 2, 3>, T, D, Noise, Labels>("conditional_generator", tolerance);
    check_step<ProjectionDiscriminator<4, 2, 3>, T, D, Image, Labels>("projection", tolerance);
    check_step<StyleGenerator<5, 6, 2>, T, D, Noise>("style", tolerance);
    check_step<AttentiveDiscriminator<8>, T, D, Image>("attention", tolerance);
    check_step<FeatureDiscriminator<3>, T, D, Image>("features", tolerance);
}

}  // namespace

TEMPLATE_TEST_CASE("a step of each network equals PyTorch's", "[networks]", GANTRY_TEST_DEVICES) {
    check_steps<double, TestType>(1e-10);
}
TEST_CASE("a step of each network in float equals PyTorch's", "[networks]") { check_steps<float, Cpu>(1e-5); }

}  // namespace gantry::test
