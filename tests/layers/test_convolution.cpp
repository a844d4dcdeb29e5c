#include "networks/dcgan.hpp"
#include "networks/fluxgan_cifar10.hpp"
#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

constexpr Conv2dOptions window{.size = {3, 2}, .stride = {2, 1}, .padding = {1, 0}};
constexpr Conv2dOptions no_bias{.size = 4, .stride = 2, .padding = 1, .bias = false};

// Shapes of the networks in examples/networks, layer by layer.
template <class... Layers>
using OutputOf = typename Sequential<Layers...>::template Output<typename Sequential<Layers...>::Input>;
static_assert(std::is_same_v<OutputOf<InputShape<5, 7, 3>, Conv2d<3, 4, window>>, Shape<Batch, 3, 6, 4>>);
static_assert(
    std::is_same_v<OutputOf<InputShape<5, 7, 3>, ConvTranspose2d<3, 4, window>>, Shape<Batch, 9, 8, 4>>);
static_assert(std::is_same_v<OutputOf<networks::Dcgan32<16>::Generator>, Shape<Batch, 32, 32, 3>>);
static_assert(std::is_same_v<OutputOf<networks::Dcgan32<16>::Discriminator>, Shape<Batch, 1>>);
static_assert(std::is_same_v<OutputOf<networks::Dcgan28::Generator>, Shape<Batch, 28, 28, 1>>);
static_assert(std::is_same_v<OutputOf<networks::Dcgan28::Discriminator>, Shape<Batch, 1>>);
static_assert(std::is_same_v<OutputOf<networks::Dcgan64::Generator>, Shape<Batch, 64, 64, 3>>);
static_assert(std::is_same_v<OutputOf<networks::Dcgan64::Discriminator>, Shape<Batch, 1>>);
static_assert(std::is_same_v<OutputOf<networks::FluxGanConvolutional32::Generator>, Shape<Batch, 32, 32, 3>>);
static_assert(std::is_same_v<OutputOf<networks::GoodfellowConvolutional32::Discriminator>, Shape<Batch, 1>>);

/// A random batch for an architecture.
template <class A, class D, class T = float>
auto random_input(D& device, int batch) {
    using X = typename A::Input;
    return variable(from_host<X>(device, batch, random_numbers<T>(X::size(batch), "input")));
}

/// The output of a network with random parameters, followed by its gradients for a random upstream gradient.
template <class A, class D>
std::vector<float> results(D& device, int batch) {
    Network<A, D> network{device, Seed{1}};
    network.parameters().from_host(random_numbers<float>(A::parameter_count, "parameters"));
    const Step step{device};
    const auto x = random_input<A>(device, batch);
    const auto y = network(x);
    const auto loss = sum(y * from_host<typename std::decay_t<decltype(y)>::shape>(
                                  device, batch, random_numbers<float>(y.size(), "upstream")));
    auto all = y.to_host();
    for (const float g : grad(loss, x).to_host()) all.push_back(g);
    backward(loss, network);
    for (const float g : network.gradients().to_host()) all.push_back(g);
    return all;
}

/// InputShape fuses no activation: an activation after it runs as a separate kernel.
template <class Activation, class D>
void check_fused() {
    using Up = ConvTranspose2d<5, 2, no_bias>;
    using Fused = Sequential<InputShape<5, 6, 2>, Conv2d<2, 5, window>, Activation, Up, Activation>;
    using Apart = Sequential<InputShape<5, 6, 2>, Conv2d<2, 5, window>, InputShape<3, 5, 5>, Activation, Up,
                             InputShape<6, 10, 2>, Activation>;
    D device;
    CHECK(largest_error(results<Fused>(device, 3), results<Apart>(device, 3)) < 1e-5);
}

void check_parameter(const core::ParameterInfo& info, const std::string& name, const core::Extents& extents,
                     int fan_in, int fan_out, core::FileOrder order) {
    CHECK(info.name == name);
    CHECK(info.extents == extents);
    CHECK(info.fan_in == fan_in);
    CHECK(info.fan_out == fan_out);
    CHECK(info.file_order == order);
}

/// Initial values are uniform in (-1, 1) / sqrt(fan_in).
template <class A>
void check_initial_values() {
    Cpu device;
    Network<A, Cpu> network{device, Seed{1}};
    const auto numbers = network.parameters().to_host();
    for (const core::ParameterInfo& info : A::parameters()) {
        const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(info.offset);
        const auto [low, high] =
            std::minmax_element(begin, begin + static_cast<std::ptrdiff_t>(info.extents.size()));
        const double bound = 1 / std::sqrt(info.fan_in);
        CHECK(*low >= -bound);
        CHECK(*high <= bound);
        CHECK(*high - *low > bound);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("an activation fused into a convolution equals a separate one", "[layers]",
                   GANTRY_TEST_DEVICES) {
    check_fused<ReLU, TestType>();
    check_fused<LeakyReLU<0.2f>, TestType>();
    check_fused<Tanh, TestType>();
}

TEMPLATE_TEST_CASE("Maxout of convolutions is the maximum of separate ones", "[layers]",
                   GANTRY_TEST_DEVICES) {
    using Single = Conv2d<2, 3, window>;
    using Pieces = Sequential<InputShape<5, 6, 2>, Maxout<Single, 2>>;
    using One = Sequential<InputShape<5, 6, 2>, Single>;
    static_assert(Pieces::parameter_count == 2 * One::parameter_count);
    TestType device;
    Network<Pieces, TestType> pieces{device, Seed{1}};
    Network<One, TestType> first{device, Seed{1}}, second{device, Seed{1}};
    const auto parameters = random_numbers<float>(Pieces::parameter_count, "parameters");
    pieces.parameters().from_host(parameters);
    // The pieces are adjacent output channels, for each weight and for the bias.
    const auto piece = [&](std::size_t i) {
        std::vector<float> numbers;
        for (std::size_t row = 0; row < parameters.size() / 6; ++row)
            for (std::size_t channel = 0; channel < 3; ++channel)
                numbers.push_back(parameters[row * 6 + i * 3 + channel]);
        return numbers;
    };
    first.parameters().from_host(piece(0));
    second.parameters().from_host(piece(1));
    const Step step{device};
    const auto x = random_input<Pieces>(device, 2);
    const auto a = first(x).to_host(), b = second(x).to_host();
    std::vector<float> expected(a.size());
    std::transform(a.begin(), a.end(), b.begin(), expected.begin(),
                   [](float s, float t) { return std::max(s, t); });
    CHECK(largest_error(pieces(x).to_host(), expected) < 1e-6);
}

TEST_CASE("parameters of convolutions: names, layouts and fans match PyTorch", "[layers]") {
    using A = Sequential<Conv2d<3, 5, window>, ConvTranspose2d<5, 7, window>>;
    const auto parameters = A::parameters();
    REQUIRE(parameters.size() == 4);
    const auto check = [&](std::size_t i, const std::string& name, const core::Extents& extents, int fan_in,
                           int fan_out, core::FileOrder order) {
        check_parameter(parameters[i], name, extents, fan_in, fan_out, order);
    };
    check(0, "0.weight", {4, {3, 2, 3, 5}}, 18, 30, core::FileOrder::channels_first);
    check(1, "0.bias", {1, {5}}, 18, 30, core::FileOrder::as_in_memory);
    check(2, "1.weight", {4, {3, 2, 7, 5}}, 42, 30, core::FileOrder::channels_first);
    check(3, "1.bias", {1, {7}}, 42, 30, core::FileOrder::as_in_memory);
    check_initial_values<A>();
}

TEST_CASE("parameters of grouped convolutions: layouts, fans and the summary", "[layers]") {
    constexpr Conv2dOptions two{.size = {3, 2}, .groups = 2, .bias = false};
    using A = Sequential<Conv2d<6, 4, two>, ConvTranspose2d<4, 6, two>>;
    const auto parameters = A::parameters();
    REQUIRE(parameters.size() == 2);
    check_parameter(parameters[0], "0.weight", {4, {3, 2, 3, 4}}, 18, 24, core::FileOrder::channels_first);
    check_parameter(parameters[1], "1.weight", {4, {3, 2, 3, 4}}, 18, 24, core::FileOrder::channels_first);
    check_initial_values<A>();
    CHECK(Conv2d<6, 4, two>::name() == "Conv2d 6 -> 4, 3x2 groups 2, no bias");
}

TEMPLATE_TEST_CASE("a DCGAN in evaluation gives the same for a batch as for its samples", "[layers]",
                   GANTRY_TEST_DEVICES) {
    using A = Sequential<InputShape<6, 4, 2>, Conv2d<2, 5, no_bias>, BatchNorm<5>, LeakyReLU<0.2f>,
                         ConvTranspose2d<5, 3, no_bias>, BatchNorm<3>, Tanh>;
    constexpr int batch = 5;
    TestType device;
    Network<A, TestType> network{device, Seed{1}};
    network.states().from_host(random_numbers<float>(A::state_count, "states", 0.5, 2));
    const Step step{device};
    const auto numbers = random_numbers<float>(A::Input::size(batch), "items");
    const auto whole = evaluation(network)(from_host<typename A::Input>(device, batch, numbers)).to_host();
    std::vector<float> singles;
    for (auto item = numbers.begin(); item != numbers.end(); item += 6 * 4 * 2)
        for (const float y : evaluation(network)(from_host<typename A::Input>(
                                                     device, 1, std::vector<float>(item, item + 6 * 4 * 2)))
                                 .to_host())
            singles.push_back(y);
    CHECK(largest_error(singles, whole) < 1e-6);
}

TEST_CASE("gradients of a network with groups match the reference device", "[layers]") {
    constexpr Conv2dOptions four{.size = 3, .padding = 1, .groups = 4}, each{.size = 3, .groups = 16},
        twice{.size = 2, .stride = 2, .groups = 8};
    using A = Sequential<InputShape<8, 6, 8>, Conv2d<8, 16, four>, LeakyReLU<0.2f>, Conv2d<16, 16, each>,
                         BatchNorm<16>, ReLU, ConvTranspose2d<16, 8, twice>, Tanh>;
    Cpu device;
    EigenCpu reference;
    CHECK(largest_error(results<A>(device, 21), results<A>(reference, 21)) < 2e-4);
}

TEST_CASE("gradients of a DCGAN match the reference device", "[layers]") {
    using A =
        Sequential<InputShape<8, 6, 3>, Conv2d<3, 16, no_bias>, LeakyReLU<0.2f>, Conv2d<16, 20, no_bias>,
                   BatchNorm<20>, LeakyReLU<0.2f>, ConvTranspose2d<20, 16, no_bias>, BatchNorm<16>, ReLU,
                   ConvTranspose2d<16, 3, no_bias>, Tanh>;
    Cpu device;
    EigenCpu reference;
    CHECK(largest_error(results<A>(device, 21), results<A>(reference, 21)) < 2e-4);
}

}  // namespace gantry::test
