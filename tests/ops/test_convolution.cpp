#include "ops/convolution_reference.hpp"
#include "support/op_check.hpp"

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

namespace gantry::test {
namespace {

constexpr Conv2dOptions plain{.size = 3};
constexpr Conv2dOptions halving{.size = 4, .stride = 2, .padding = 1};
constexpr Conv2dOptions uneven{.size = {3, 2}, .stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}};
/// Some pixels of the larger image meet no tap, and some taps meet only padding.
constexpr Conv2dOptions sparse{.size = {1, 2}, .stride = {2, 4}, .padding = {1, 0}};
constexpr Conv2dOptions uneven_transposed{
    .size = {3, 4}, .stride = {2, 3}, .padding = {1, 0}, .dilation = {2, 1}, .output_padding = {1, 2}};

constexpr Conv2dOptions grouped{.size = {3, 2}, .stride = {2, 1}, .padding = {1, 0}, .groups = 2};
constexpr Conv2dOptions depthwise{.size = 3, .padding = 1, .dilation = {1, 2}, .groups = 3};
constexpr Conv2dOptions grouped_halving{.size = 4, .stride = 2, .padding = 1, .groups = 2};

template <Conv2dOptions window>
const auto output = [](const auto& x, const auto& w) { return conv2d<window>(x, w); };
template <Conv2dOptions window>
const auto transposed_output = [](const auto& y, const auto& w) { return conv_transpose2d<window>(y, w); };

template <class D, Conv2dOptions window, int height, int width, int in, int out>
void check_convolution(const std::string& name) {
    INFO(name);
    using Weights = Shape<window.size.vertical, window.size.horizontal, in / window.groups, out>;
    using X = Shape<Batch, height, width, in>;
    using Y = typename gantry::ops::Convolved<window, X, out>::type;
    check_op<D, X, Weights>("conv2d", output<window>);
    check_op<D, Y, Weights>("conv_transpose2d", transposed_output<window>);
    check_op<D, X, Y>("conv2d_weight_gradient",
                      [](const auto& x, const auto& y) { return conv2d_weight_gradient<window>(x, y); },
                      {.singles = Singles::summed, .float_tolerance = 4e-6});
}

template <class D, contracts::ActivationKind kind>
void check_activation(const std::string& name, double parameter = 0) {
    INFO(name);
    check_op<D, Shape<Batch, 4, 3, 2>, Shape<3, 3, 2, 3>, Shape<3>>(
        "conv2d: bias, activation",
        [=](const auto& x, const auto& w, const auto& bias) {
            return conv2d<plain, kind>(parameter, x, w, bias);
        },
        {.batches = {2}});
    check_op<D, Shape<Batch, 2, 3, 3>, Shape<3, 3, 2, 3>, Shape<2>>(
        "conv_transpose2d: bias, activation",
        [=](const auto& y, const auto& w, const auto& bias) {
            return conv_transpose2d<plain, kind>(parameter, y, w, bias);
        },
        {.batches = {2}});
    constexpr Conv2dOptions by_channel{.size = 2, .groups = 3};
    check_op<D, Shape<Batch, 3, 3, 3>, Shape<2, 2, 1, 3>, Shape<3>>(
        "conv2d: depthwise, bias, activation",
        [=](const auto& x, const auto& w, const auto& bias) {
            return conv2d<by_channel, kind>(parameter, x, w, bias);
        },
        {.batches = {2}});
    if constexpr (kind != contracts::ActivationKind::identity) {  // its backward may be fused without a bias
        check_op<D, Shape<Batch, 4, 3, 2>, Shape<3, 3, 2, 3>>(
            "conv2d: activation",
            [=](const auto& x, const auto& w) { return conv2d<plain, kind>(parameter, x, w); },
            {.batches = {2}});
        check_op<D, Shape<Batch, 2, 3, 3>, Shape<3, 3, 2, 3>>(
            "conv_transpose2d: activation",
            [=](const auto& y, const auto& w) { return conv_transpose2d<plain, kind>(parameter, y, w); },
            {.batches = {2}});
        check_op<D, Shape<Batch, 3, 3, 3>, Shape<2, 2, 1, 3>>(
            "conv2d: depthwise, activation",
            [=](const auto& x, const auto& w) { return conv2d<by_channel, kind>(parameter, x, w); },
            {.batches = {2}});
    }
}

/// Checks <conv2d(x, w), y> = <x, adjoint by x of y> = <w, adjoint by w of y>.
template <class D, Conv2dOptions window, int height, int width, int in, int out>
void check_adjoints() {
    using X = Shape<Batch, height, width, in>;
    using Y = typename gantry::ops::Convolved<window, X, out>::type;
    using W = Shape<window.size.vertical, window.size.horizontal, in / window.groups, out>;
    D device;
    const Step step{device};
    const auto random = [&]<class S>(S, const char* name) {
        return from_host<S>(device, 3, random_numbers<double>(S::size(3), name));
    };
    const auto x = variable(random(X{}, "x"));
    const auto w = variable(random(W{}, "w"));
    const auto result = sum(conv2d<window>(x, w) * random(Y{}, "y"));
    CHECK(std::abs(result.item()) > 1e-3);
    const auto [x_gradient, w_gradient] = grad(result, std::tuple{x, w});
    CHECK(std::abs(sum(x * x_gradient).item() - result.item()) < 1e-11);
    CHECK(std::abs(sum(w * w_gradient).item() - result.item()) < 1e-11);
}

template <class D, class T, class In, class Weights, class Out, class F>
void check_against_pytorch(const convolution_reference::Case& e, const F& f, double tolerance) {
    D device;
    const Step step{device};
    const auto given = [&]<class S>(S, const std::vector<double>& numbers) {
        return from_host<S>(device, convolution_reference::batch,
                            std::vector<T>(numbers.begin(), numbers.end()));
    };
    using Bias = Shape<Out::extents(0).last()>;
    const auto x = variable(given(In{}, e.x));
    const auto w = variable(given(Weights{}, e.w));
    const auto bias = variable(given(Bias{}, e.bias));
    const auto y = f(x, w, bias);
    static_assert(std::is_same_v<typename std::decay_t<decltype(y)>::shape, Out>);
    CHECK(largest_error(y.to_host(), e.y) < tolerance);
    const auto [dx, dw, dbias] = grad(sum(y * given(Out{}, e.upstream)), std::tuple{x, w, bias});
    CHECK(largest_error(dx.to_host(), e.x_gradient) < tolerance);
    CHECK(largest_error(dw.to_host(), e.w_gradient) < tolerance);
    CHECK(largest_error(dbias.to_host(), e.bias_gradient) < tolerance);
}

template <class D, class T>
void check_all_against_pytorch(double tolerance) {
    const auto conv = []<Conv2dOptions window>(std::integral_constant<Conv2dOptions, window>) {
        return [](const auto&... inputs) { return conv2d<window>(inputs...); };
    };
    const auto back = []<Conv2dOptions window>(std::integral_constant<Conv2dOptions, window>) {
        return [](const auto&... inputs) { return conv_transpose2d<window>(inputs...); };
    };
    check_against_pytorch<D, T, Shape<Batch, 5, 7, 3>, Shape<3, 2, 3, 4>, Shape<Batch, 3, 9, 4>>(
        convolution_reference::uneven, conv(std::integral_constant<Conv2dOptions, uneven>{}), tolerance);
    check_against_pytorch<D, T, Shape<Batch, 8, 6, 2>, Shape<4, 4, 2, 3>, Shape<Batch, 4, 3, 3>>(
        convolution_reference::halving, conv(std::integral_constant<Conv2dOptions, halving>{}), tolerance);
    check_against_pytorch<D, T, Shape<Batch, 4, 3, 4>, Shape<3, 4, 3, 4>, Shape<Batch, 10, 12, 3>>(
        convolution_reference::uneven_transposed,
        back(std::integral_constant<Conv2dOptions, uneven_transposed>{}), tolerance);
    check_against_pytorch<D, T, Shape<Batch, 3, 4, 3>, Shape<4, 4, 2, 3>, Shape<Batch, 6, 8, 2>>(
        convolution_reference::doubling, back(std::integral_constant<Conv2dOptions, halving>{}), tolerance);
    check_against_pytorch<D, T, Shape<Batch, 5, 4, 6>, Shape<3, 2, 3, 4>, Shape<Batch, 3, 3, 4>>(
        convolution_reference::grouped, conv(std::integral_constant<Conv2dOptions, grouped>{}), tolerance);
    check_against_pytorch<D, T, Shape<Batch, 3, 5, 3>, Shape<3, 3, 1, 6>, Shape<Batch, 3, 3, 6>>(
        convolution_reference::depthwise, conv(std::integral_constant<Conv2dOptions, depthwise>{}),
        tolerance);
    check_against_pytorch<D, T, Shape<Batch, 2, 3, 6>, Shape<4, 4, 2, 6>, Shape<Batch, 4, 6, 4>>(
        convolution_reference::grouped_transposed,
        back(std::integral_constant<Conv2dOptions, grouped_halving>{}), tolerance);
}

}  // namespace

TEMPLATE_TEST_CASE("convolutions", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_convolution<D, plain, 4, 5, 2, 3>("plain");
    check_convolution<D, halving, 6, 4, 3, 2>("halving");
    check_convolution<D, uneven, 4, 3, 2, 2>("uneven");
    check_convolution<D, sparse, 4, 5, 1, 2>("sparse");
    check_convolution<D, Conv2dOptions{.size = {3, 2}}, 3, 2, 2, 5>("the whole image");
    check_convolution<D, Conv2dOptions{.size = 1}, 3, 2, 4, 3>("one pixel");
    check_convolution<D, grouped, 4, 3, 4, 6>("groups of 2 and 3 channels");
    check_convolution<D, depthwise, 3, 4, 3, 3>("depthwise");
    check_op<D, Shape<Batch, 2, 1, 2>, Shape<3, 4, 2, 2>>("conv_transpose2d: output padding",
                                                          transposed_output<uneven_transposed>);
}

TEMPLATE_TEST_CASE("convolutions with an activation and a bias", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_activation<D, contracts::ActivationKind::identity>("bias");
    check_activation<D, contracts::ActivationKind::leaky_relu>("leaky_relu", 0.2);
    check_activation<D, contracts::ActivationKind::elu>("elu", 0.7);
    check_activation<D, contracts::ActivationKind::softplus>("softplus");
    check_activation<D, contracts::ActivationKind::gelu>("gelu");
    check_activation<D, contracts::ActivationKind::silu>("silu");
    check_activation<D, contracts::ActivationKind::sigmoid>("sigmoid");
    check_activation<D, contracts::ActivationKind::tanh>("tanh");
}

TEMPLATE_TEST_CASE("convolutions are each other's adjoints", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_adjoints<D, plain, 7, 5, 3, 4>();
    check_adjoints<D, halving, 10, 6, 5, 17>();
    check_adjoints<D, uneven, 6, 9, 19, 3>();
    check_adjoints<D, sparse, 5, 9, 2, 35>();
    check_adjoints<D, grouped, 6, 9, 32, 6>();
    check_adjoints<D, grouped_halving, 10, 6, 32, 32>();
    check_adjoints<D, depthwise, 7, 9, 3, 3>();
    check_adjoints<D, depthwise, 7, 9, 3, 6>();
    check_adjoints<D, Conv2dOptions{.size = {5, 1}, .stride = {3, 2}, .padding = {4, 3}}, 7, 4, 9, 8>();
}

TEMPLATE_TEST_CASE("convolutions match PyTorch", "[ops]", GANTRY_TEST_DEVICES) {
    check_all_against_pytorch<TestType, double>(1e-12);
    check_all_against_pytorch<TestType, float>(1e-5);
}

TEMPLATE_TEST_CASE("conv2d_weight_gradient of batches of different sizes is an error", "[ops]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = filled<Shape<Batch, 4, 4, 1>>(device, 2, 1);
    const auto y = filled<Shape<Batch, 2, 2, 1>>(device, 3, 1);
    CHECK_THROWS_WITH(
        conv2d_weight_gradient<plain>(x, y),
        "[conv2d_weight_gradient] both must have the same batch size; got (2, 4, 4, 1) and (3, 2, 2, 1)");
}

TEST_CASE("geometries whose indices do not fit int are errors", "[ops]") {
    const auto pixelwise = [](int batch, int height, int width, int channels) {
        const contracts::ConvolutionAxis vertical{height, height}, horizontal{width, width};
        return contracts::ConvolutionGeometry{batch, vertical, horizontal, channels, 1};
    };
    CHECK_NOTHROW(contracts::check_range(pixelwise(32767, 256, 256, 1)));
    CHECK_THROWS_WITH(contracts::check_range(pixelwise(32768, 256, 256, 1)),
                      "[convolution] a batch must have fewer than 2^31 pixels, and an image and a window "
                      "fewer than 2^31 elements: use a smaller batch or image; got images (32768, 256, 256, "
                      "1) and (32768, 256, 256, 1), window 1 x 1");
    CHECK_THROWS_AS(contracts::check_range(pixelwise(1, 65536, 32768, 1)), Error);
    CHECK_THROWS_AS(contracts::check_range(pixelwise(1, 1024, 1024, 2048)), Error);
    CHECK_THROWS_AS(contracts::check_range(pixelwise(1 << 30, 1 << 30, 1 << 30, 1)), Error);
}

TEMPLATE_TEST_CASE("a device rejects convolutions whose indices do not fit int", "[ops]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const contracts::ConvolutionAxis axis{256, 256};
    const contracts::ConvolutionGeometry geometry{32768, axis, axis, 1, 1};
    const auto message = contains("must have fewer than 2^31");
    CHECK_THROWS_WITH(launch(device, contracts::ConvolutionParameters<float>{.geometry = geometry}), message);
    CHECK_THROWS_WITH(launch(device, contracts::ConvolutionTransposedParameters<float>{.geometry = geometry}),
                      message);
    CHECK_THROWS_WITH(
        launch(device, contracts::ConvolutionWeightGradientParameters<float>{.geometry = geometry}), message);
}

}  // namespace gantry::test
