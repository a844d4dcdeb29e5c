// Compares the networks of examples/networks with the same networks in PyTorch, one training step with a
// gradient penalty: see make_reference.py.
#include "networks/conditional.hpp"
#include "networks/feature_matching.hpp"
#include "networks/pix2pix.hpp"
#include "networks/r3gan.hpp"
#include "networks/self_attention.hpp"
#include "networks/sngan.hpp"
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
        const double error =
            std::abs(static_cast<double>(got[i]) - expected[i]) / (1 + std::abs(expected[i]));
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

/// Each layer that has a spectral norm.
struct SpectralLayers {
    using Input = layers::Inputs<Shape<Batch, 8, 8, 3>, layers::Indices<Shape<Batch>>>;

    Fused<SpectralNorm<Conv2d<3, 4, Conv2dOptions{.size = {3, 2}, .stride = 2, .padding = 1}>>, Softplus>
        conv;
    Fused<SpectralNorm<Conv2d<4, 6, Conv2dOptions{.size = 3, .padding = 1, .groups = 2, .bias = false}>>,
          Softplus>
        groups;
    Fused<SpectralNorm<ConvTranspose2d<6, 4, Conv2dOptions{.size = {2, 3}, .stride = 2, .groups = 2}>>,
          Softplus>
        up;
    SpectralNorm<Embedding<5, 4>> embed;
    SpectralNorm<Dense<4, 3>, SpectralNormOptions{.iterations = 2}> head;

    auto operator()(const auto& image, const auto& label) const {
        return head(global_avg_pool2d(up(groups(conv(image)))) * (1.0 + embed(label)));
    }
};

template <class Architecture, class T, class D, class First, class... More>
void check_step(const std::string& name, double tolerance, double penalty_factor = 1) {
    CAPTURE(name, sizeof(T));
    D device;
    Network<Architecture, D, T> network{device, Seed{1}};
    load(network, name + ".before");
    Sgd sgd{network, {.learning_rate = 0.01}};
    {
        const Step step{device};
        const auto x = variable(input<T>(device, std::type_identity<First>{}, name + ".input0"));
        const auto y = outputs(network(x, input<T>(device, std::type_identity<More>{}, name + ".input1")...));
        CHECK(error_of(std::get<0>(y).to_host(), numbers_of<double>(name + ".output")) < tolerance);
        const auto total = std::apply([](const auto&... one) { return (sum(one) + ...); }, y);
        const auto slope = grad(total, x, {.create_graph = true});
        const auto penalty = mean(sum_per_sample(square(slope)));
        const auto loss = std::apply([](const auto&... one) { return (mean(square(one)) + ...); }, y) +
                          penalty_factor * penalty;
        CHECK(error_of(std::vector{loss.item(), penalty.item()}, numbers_of<double>(name + ".losses")) <
              tolerance);
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
    check_step<r3gan::Generator<4, 2, 2, 5, 3, 4>, T, D, Noise, Labels>("r3_generator", tolerance);
    check_step<r3gan::Discriminator<4, 2, 2, 6, 4>, T, D, Large, Labels>("r3_discriminator", tolerance);
    check_step<sngan::Generator<5, 4>, T, D, Noise>("sngan_generator", tolerance, 1e-3);
    check_step<sngan::Discriminator<4>, T, D, Large>("sngan_discriminator", tolerance);
    check_step<SpectralLayers, T, D, Image, Labels>("spectral", tolerance);
}

/// R3GAN as published, which must compile. A step of it would take minutes.
template <class D>
auto published_step(Network<networks::r3gan::Cifar10Generator, D>& generator,
                    Network<networks::r3gan::Cifar10Discriminator, D>& discriminator,
                    const Tensor<Shape<Batch, 64>, float, D>& noise,
                    const Tensor<Shape<Batch>, std::int32_t, D>& labels) {
    const auto scores = discriminator(generator(noise, labels), labels);
    return backward(mean(square(scores)), generator, discriminator);
}

}  // namespace

TEMPLATE_TEST_CASE("a step of each network equals PyTorch's", "[networks]", GANTRY_TEST_DEVICES) {
    check_steps<double, TestType>(1e-10);
}
// EigenCpu's kernels are the same templates for both scalars.
#ifdef GANTRY_WITH_CUDA
#define GANTRY_DEVICES_IN_FLOAT GANTRY_TEST_DEVICES
#else
#define GANTRY_DEVICES_IN_FLOAT Cpu
#endif
TEMPLATE_TEST_CASE("a step of each network in float equals PyTorch's", "[networks]",
                   GANTRY_DEVICES_IN_FLOAT) {
    check_steps<float, TestType>(1e-5);
    static_cast<void>(&published_step<TestType>);
}

}  // namespace gantry::test
