// The ladder of convolutions, in all three directions: the plain kernels against the contract in double, the
// tiled ones and cuDNN against the plain ones.
#include "cuda/placed.hpp"
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/options.hpp"
#include "support/catch.hpp"
#include "support/convolution_geometries.hpp"
#include "support/numbers.hpp"
#include "support/reference_device.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <kernels/convolution.cuh>

namespace gantry::test {
namespace {

/// A convolution of random numbers in one of its directions, on any device.
template <class T>
struct Convolution {
    ConvolutionGeometry geometry;
    Direction direction;
    bool with_bias = false, accumulate = false;
    Activation activation = {};
    Activation behind = {};  ///< what images are behind, if they are
    std::size_t offset = 0;  ///< of all arrays from an aligned address, in numbers

    std::vector<T> x() const { return numbers(Direction::transposed, geometry.x_size(), "x"); }
    std::vector<T> y() const { return numbers(Direction::forward, geometry.y_size(), "y"); }
    std::vector<T> w() const { return numbers(Direction::weights, geometry.w_size(), "w"); }
    std::vector<T> bias() const {
        const int channels =
            direction == Direction::transposed ? geometry.in_channels : geometry.out_channels;
        return random_numbers<T>(static_cast<std::size_t>(channels), "bias");
    }
    /// What the activation behind which x or y is has put out.
    std::vector<T> x_outputs() const { return random_numbers<T>(geometry.x_size(), "x outputs"); }
    std::vector<T> y_outputs() const { return random_numbers<T>(geometry.y_size(), "y outputs"); }
    struct Arrays {
        T *x, *y, *w;
        const T *bias, *x_outputs, *y_outputs;
    };
    /// Calls f(parameters of the direction).
    template <class F>
    void call(const F& f, const Arrays& at) const {
        const T* const bias_or_none = with_bias ? at.bias : nullptr;
        BehindActivation<T> x_behind, y_behind;
        if (behind.kind != ActivationKind::identity) {
            x_behind = {at.x_outputs, behind};
            y_behind = {at.y_outputs, behind};
        }
        if (direction == Direction::forward)
            f(ConvolutionParameters<T>{geometry, at.x, at.w, at.y, bias_or_none, activation, false,
                                       x_behind});
        else if (direction == Direction::transposed)
            f(ConvolutionTransposedParameters<T>{geometry, at.y, at.w, at.x, bias_or_none, activation, false,
                                                 y_behind});
        else
            f(ConvolutionWeightGradientParameters<T>{geometry, at.x, at.y, at.w, accumulate, x_behind,
                                                     y_behind});
    }

    template <class F>
    std::vector<T> on(Cuda& device, const F& f) const {
        const Step<Cuda> step{device};
        const Placed<T, Cuda> at_x(device, x(), offset), at_y(device, y(), offset), at_w(device, w(), offset),
            at_bias(device, bias(), offset), at_x_outputs(device, x_outputs(), offset),
            at_y_outputs(device, y_outputs(), offset);
        call([&](const auto& p) { f(device, p); }, {at_x.data(), at_y.data(), at_w.data(), at_bias.data(),
                                                    at_x_outputs.data(), at_y_outputs.data()});
        return (direction == Direction::forward      ? at_y
                : direction == Direction::transposed ? at_x
                                                     : at_w)
            .to_host();
    }
    std::vector<T> on_reference() const {
        Reference reference;
        std::vector<T> at_x = x(), at_y = y(), at_w = w(), at_bias = bias();
        const std::vector<T> at_x_outputs = x_outputs(), at_y_outputs = y_outputs();
        call([&](const auto& p) { launch(reference, p); },
             {at_x.data(), at_y.data(), at_w.data(), at_bias.data(), at_x_outputs.data(),
              at_y_outputs.data()});
        return direction == Direction::forward ? at_y : direction == Direction::transposed ? at_x : at_w;
    }

private:
    /// What is in the result before must not be seen, unless it is added to.
    std::vector<T> numbers(Direction result, std::size_t size, const char* name) const {
        if (direction == result && !accumulate)
            return std::vector<T>(size, std::numeric_limits<T>::quiet_NaN());
        return random_numbers<T>(size, name);
    }
};

constexpr auto plain = [](Cuda& device, const auto& p) { cuda::convolution_plain(device, p); };
constexpr auto tiled = [](Cuda& device, const auto& p) { cuda::convolution_tiled(device, p); };
constexpr auto cudnn = [](Cuda& device, const auto& p) { REQUIRE(cuda::convolution_cudnn(device, p)); };
constexpr auto chosen = [](Cuda& device, const auto& p) { launch(device, p); };

/// Relative to the largest number that is expected.
template <class T>
double error(const std::vector<T>& got, const std::vector<T>& expected) {
    double largest = 1;
    for (const T x : expected) largest = std::max(largest, std::abs(static_cast<double>(x)));
    double result = got.size() == expected.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double e = std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])) / largest;
        result = e <= result ? result : std::isnan(e) ? INFINITY : e;
    }
    return result;
}

/// The tiled kernel and, where it can, cuDNN: alone, and with what may follow.
template <class T>
void check(Cuda& device, const ConvolutionGeometry& g, Direction direction) {
    const ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    CAPTURE(static_cast<int>(direction), g.batch, g.in_channels, g.out_channels);
    CAPTURE(v.in, v.out, v.size, v.stride, v.padding, v.dilation);
    CAPTURE(h.in, h.out, h.size, h.stride, h.padding, h.dilation);
    for (const bool more : {false, true}) {
        Convolution<T> c{g, direction};
        if (more) {
            c.accumulate = direction == Direction::weights;
            c.with_bias = true;
            c.activation = {ActivationKind::leaky_relu, 0.2};
            c.offset = 1;
        }
        const std::vector<T> expected = c.on(device, plain);
        REQUIRE(error(expected, c.on_reference()) <= tolerance<T>);
        REQUIRE(error(c.on(device, tiled), expected) <= tolerance<T>);
        REQUIRE(error(c.on(device, chosen), expected) <= tolerance<T>);
        if (cuda::cudnn_knows(g)) REQUIRE(error(c.on(device, cudnn), expected) <= tolerance<T>);
    }
    Convolution<T> c{g, direction};
    c.behind = {ActivationKind::elu, 0.3};
    const std::vector<T> expected = c.on(device, plain);
    REQUIRE(error(expected, c.on_reference()) <= tolerance<T>);
    REQUIRE(error(c.on(device, tiled), expected) <= tolerance<T>);
}
template <class T>
void check_all(Cuda& device, const ConvolutionGeometry& g) {
    for (const Direction d : directions) check<T>(device, g, d);
}

using Launches = std::map<std::string, std::size_t>;

}  // namespace

TEMPLATE_TEST_CASE("cuda: convolutions are right in all directions", "[cuda]", float, double) {
    Cuda device;
    for (ConvolutionGeometry geometry : convolution_geometries) {
        geometry.batch = std::min(geometry.batch, 5);  // what more images show is the CPU's matter
        check_all<TestType>(device, geometry);
    }
}

TEST_CASE("cuda: random convolutions are right", "[cuda]") {
    RandomGeometries random;
    Cuda device;
    for (int i = 0; i < 60; ++i) {
        const ConvolutionGeometry geometry = random.next(random.number(1, 7));
        check<float>(device, geometry, directions[random.number(0, 2)]);
    }
}

TEST_CASE("cuda: large tiles of convolutions, and parts of long sums", "[cuda]") {
    const ConvolutionGeometry large{40, window(24, 3, 2, 1), window(24, 3, 2, 1), 64,
                                    4};  // 6,000 and 23,000 pixels
    const ConvolutionGeometry wide{8, window(56, 1, 1, 1), window(56, 2, 1), 12, 60};
    const ConvolutionGeometry deep{2, window(4, 3, 1, 1), window(4, 3, 1, 1), 128,
                                   40};  // sums of 1,152 terms
    Cuda device;
    const auto compare = [&](const ConvolutionGeometry& g, Direction d) {
        CAPTURE(static_cast<int>(d), g.in_channels);
        Convolution<float> c{g, d};
        c.with_bias = true;
        CHECK(error(c.on(device, tiled), c.on(device, plain)) <= tolerance<float>);
    };
    compare(large, Direction::transposed);
    compare(large, Direction::weights);
    compare(wide, Direction::forward);
    for (const Direction d : directions) compare(deep, d);
}

TEST_CASE("cuda: convolutions of gradients behind activations", "[cuda]") {
    Cuda device;
    for (const Activation activation :
         {Activation{ActivationKind::leaky_relu, 0.2}, Activation{ActivationKind::elu, 0.7},
          Activation{ActivationKind::sigmoid}, Activation{ActivationKind::tanh}})
        for (const Direction d : directions)
            for (const std::size_t offset : {0, 1}) {  // with and without packs
                CAPTURE(static_cast<int>(activation.kind), static_cast<int>(d), offset);
                Convolution<float> c{{3, window(9, 4, 2, 1), window(7, 4, 2, 1), 8, 12}, d};
                c.behind = activation;
                c.offset = offset;
                const std::vector<float> expected = c.on_reference();
                CHECK(error(c.on(device, plain), expected) <= tolerance<float>);
                CHECK(error(c.on(device, tiled), expected) <= tolerance<float>);
            }
}

TEST_CASE("cuda: which backward passes go through the activation in the same kernel", "[cuda]") {
    Cuda device;
    const auto starts_activation_gradient = [&]<ActivationKind kind>(
                                                std::integral_constant<ActivationKind, kind>, bool bias,
                                                GradOptions options = {}) {
        const Step<Cuda> step{device};
        const auto random = [&]<class S>(S, int batch) {
            return variable(from_host<S>(device, batch, random_numbers<float>(S::size(batch), "numbers")));
        };
        const auto x = random(Shape<Batch, 8, 8, 3>{}, 2);
        const auto w = random(Shape<4, 4, 3, 5>{}, 0);
        const auto b = random(Shape<5>{}, 0);
        constexpr Window window{.size = 4, .stride = 2, .padding = 1};
        const auto count = [&](const auto& y, const auto& inputs) {
            cuda_emulator::reset_counts();
            grad(sum(y), inputs, options);
            device.synchronize();
            const std::size_t passes = cuda_emulator::counts().launches.count("activation_gradient");
            CHECK(cuda_emulator::counts().launches.at("convolution_transposed_tiled") == 1);
            CHECK(cuda_emulator::counts().launches.at("convolution_weight_gradient_tiled") == 1);
            return passes > 0;
        };
        if (bias) return count(conv2d<window, kind>(0.2, x, w, b), std::tuple{x, w, b});
        return count(conv2d<window, kind>(0.2, x, w), std::tuple{x, w});
    };
    constexpr std::integral_constant<ActivationKind, ActivationKind::leaky_relu> leaky_relu;
    constexpr std::integral_constant<ActivationKind, ActivationKind::softplus> softplus;
    CHECK_FALSE(starts_activation_gradient(leaky_relu, false));
    CHECK(starts_activation_gradient(leaky_relu, true));
    CHECK(starts_activation_gradient(leaky_relu, false, {.create_graph = true}));
    CHECK(starts_activation_gradient(softplus, false));

    const ConvolutionGeometry wide{128, window(32, 4, 2, 1), window(32, 4, 2, 1), 64, 128};
    CHECK_FALSE(passes_activations(device, wide, ActivationKind::tanh));
    CHECK_FALSE(passes_activations(device, {3, window(4, 4), window(4, 4), 5, 7}, ActivationKind::tanh));
}

TEST_CASE("cuda: a convolution of nothing is nothing", "[cuda]") {
    Cuda device;
    check_all<float>(device, {2, window(4, 2), window(4, 2, 2), 0, 5});
    check_all<float>(device, {2, window(4, 2), window(4, 2, 2), 3, 0});
    check_all<float>(device, {0, window(4, 2), window(4, 2, 2), 3, 5});
}

TEST_CASE("cuda: a convolution has the same bits in any order of blocks and threads", "[cuda]") {
    Cuda device;
    const ConvolutionAxis v = window(9, 4, 2, 1), h = window(7, 4, 2, 1);
    // Sums of 784, 800 and 840 terms: in three parts, of which any may be done last.
    for (const Convolution<float>& c : {Convolution<float>{{2, v, h, 49, 12}, Direction::forward},
                                        Convolution<float>{{2, v, h, 12, 200}, Direction::transposed},
                                        Convolution<float>{{70, v, h, 9, 12}, Direction::weights}}) {
        const std::vector<float> expected = c.on(device, tiled);
        for (const auto order : {cuda_emulator::Order::reverse, cuda_emulator::Order::shuffled}) {
            cuda_emulator::set_order(order, 3);
            CHECK(same_bits(c.on(device, tiled), expected));
        }
        cuda_emulator::set_order(cuda_emulator::Order::forward);
    }
}

TEST_CASE("cuda: which convolution is used", "[cuda]") {
    CHECK(cuda::wide({128, window(32, 4, 2, 1), window(32, 4, 2, 1), 64, 128}));
    CHECK_FALSE(cuda::wide({128, window(64, 4, 2, 1), window(64, 4, 2, 1), 3, 128}));
    CHECK_FALSE(cuda::wide({1, window(32, 4, 2, 1), window(32, 4, 2, 1), 64, 128}));

    Cuda device;
    const auto launches = [&](const ConvolutionGeometry& g, Direction d, const auto& f) {
        Convolution<float> c{g, d};
        c.with_bias = true;
        cuda_emulator::reset_counts();
        c.on(device, f);
        return cuda_emulator::counts().launches;
    };
    const ConvolutionGeometry small{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 5, 7};
    CHECK(launches(small, Direction::forward, chosen) == Launches{{"convolution_tiled", 1}});
    CHECK(launches(small, Direction::transposed, chosen) == Launches{{"convolution_transposed_tiled", 1}});
    CHECK(launches(small, Direction::weights, chosen) == Launches{{"convolution_weight_gradient_tiled", 1}});
    CHECK(launches(small, Direction::forward, cudnn) == Launches{{"transpose", 1}, {"bias_activation", 1}});
    CHECK(launches(small, Direction::weights, cudnn) == Launches{{"transpose", 1}});
    const ConvolutionGeometry covering{3, window(4, 4), window(4, 4), 5, 7};
    CHECK(launches(covering, Direction::forward, chosen) == Launches{{"matmul_tiled", 1}});
    CHECK(launches(covering, Direction::transposed, chosen) ==
          Launches{{"matmul_tiled", 1}, {"bias_activation", 1}});
}

TEST_CASE("cuda: a step makes cuDNN's filter of its weights once", "[cuda]") {
    const ConvolutionGeometry g{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 5, 7};
    Cuda device;
    const Placed<float, Cuda> x(device, random_numbers<float>(g.x_size(), "x")),
        y(device, std::vector<float>(g.y_size())), w(device, random_numbers<float>(g.w_size(), "w"));
    const Buffer<float, Cuda> expected(device, g.y_size());
    /// Whether a convolution by cuDNN made a filter. Its result must be that of w as it is now.
    const auto makes_filter = [&](bool stays) {
        cuda_emulator::reset_counts();
        ConvolutionParameters<float> p{g, x.data(), w.data(), y.data()};
        p.w_stays = stays;
        REQUIRE(cuda::convolution_cudnn(device, p));
        device.synchronize();
        const bool made = cuda_emulator::counts().launches.count("transpose") > 0;
        cuda::convolution_plain(device, ConvolutionParameters<float>{g, x.data(), w.data(), expected.data()});
        CHECK(error(y.to_host(), expected.to_host()) <= tolerance<float>);
        return made;
    };
    const auto change_weights = [&](float number) {
        device.memory().copy_from_host(w.data() + 3, &number, sizeof number);
    };
    {
        const Step<Cuda> step{device};
        CHECK(makes_filter(true));
        CHECK_FALSE(makes_filter(true));
        REQUIRE(cuda::convolution_cudnn(device, ConvolutionTransposedParameters<float>{
                                                    g, y.data(), w.data(), x.data(), nullptr, {}, true}));
        device.synchronize();
        CHECK(cuda_emulator::counts().launches.count("transpose") == 0);
        change_weights(5);
        device.tape().overwritten(w.data(), w.data() + g.w_size());
        CHECK(makes_filter(true));
        CHECK_FALSE(makes_filter(true));
        change_weights(6);
        CHECK(makes_filter(false));  // nothing promises that they are what they were
    }
    {
        const Step<Cuda> step{device};
        CHECK(makes_filter(true));
        device.tape().overwritten(nullptr, nullptr);
        CHECK_THROWS(device.submit([&] {
            REQUIRE(cuda::convolution_cudnn(
                device, ConvolutionParameters<float>{g, x.data(), w.data(), y.data(), nullptr, {}, true}));
            throw Error("[test] a step that fails");
        }));
        CHECK(makes_filter(true));  // that of the failed step was never made
    }
}

TEST_CASE("cuda: cuDNN uses TF32 if it was asked for, and else does not", "[cuda]") {
    Cuda exact, fast{{.tf32 = true}};
    for (const Direction d : directions) {
        const Convolution<float> c{{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 5, 7}, d};
        const std::vector<float> expected = c.on(exact, plain);
        CHECK(error(c.on(exact, cudnn), expected) < 1e-6);
        CHECK(error(c.on(fast, cudnn), expected) > 1e-5);
        CHECK(error(c.on(fast, cudnn), expected) < 1e-2);
    }
}

TEST_CASE("cuda: convolutions are collected into a graph", "[cuda]") {
    Cuda device;
    for (const Direction d : directions) {
        const Convolution<float> c{{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 20, 28}, d};
        const std::vector<float> expected = c.on(device, plain);
        c.on(device, cudnn);  // cuDNN's choice belongs to the first step
        const auto in_graph = [&](const auto& f) {
            return c.on(device, [&](Cuda& dev, const auto& p) {
                cuda_emulator::reset_counts();
                dev.memory().stream().collect();
                f(dev, p);
                dev.memory().stream().start_collected();
                dev.synchronize();
                CHECK(cuda_emulator::counts().graph_launches == 1);
                CHECK(cuda_emulator::counts().synchronizations == 1);
                CHECK(cuda_emulator::counts().allocations == 0);
            });
        };
        CHECK(error(in_graph(tiled), expected) <= tolerance<float>);
        CHECK(error(in_graph(cudnn), expected) <= tolerance<float>);
    }
}

}  // namespace gantry::test
