// Convolutions in all three directions: the plain kernels against the contract in double, the tiled kernels
// and cuDNN against the plain ones.
#include "cuda/convolution.hpp"
#include "support/catch.hpp"
#include "support/convolution_geometries.hpp"
#include "support/reference_activation.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gantry::test {
namespace {

/// The tiled kernel and, if possible, cuDNN: alone, and with bias, activation or accumulation.
template <class T>
void check(Cuda& device, const contracts::ConvolutionGeometry& g, Direction direction) {
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    CAPTURE(static_cast<int>(direction), g.batch, g.in_channels, g.out_channels, g.groups);
    CAPTURE(v.in, v.out, v.size, v.stride, v.padding, v.dilation);
    CAPTURE(h.in, h.out, h.size, h.stride, h.padding, h.dilation);
    for (const bool more : {false, true}) {
        Convolution<T> c{g, direction};
        if (more) {
            c.accumulate = direction == Direction::weights;
            c.with_bias = true;
            c.activation = {contracts::ActivationKind::leaky_relu, 0.2};
            c.offset = 1;
        }
        const std::vector<T> expected = c.on(device, plain);
        REQUIRE(error(expected, c.on_reference()) <= tolerance<T>);
        REQUIRE(error(c.on(device, tiled), expected) <= tolerance<T>);
        REQUIRE(error(c.on(device, chosen), expected) <= library_tolerance<T>);
        c.offset = 0;  // required by cuDNN
        if (cuda::cudnn_knows(g)) REQUIRE(error(c.on(device, cudnn), expected) <= library_tolerance<T>);
    }
    Convolution<T> c{g, direction};
    c.behind = {contracts::ActivationKind::sigmoid};
    const std::vector<T> expected = c.on(device, plain);
    REQUIRE(error(expected, c.on_reference()) <= tolerance<T>);
    REQUIRE(error(c.on(device, tiled), expected) <= tolerance<T>);
    if (g.is_depthwise()) REQUIRE(error(c.on(device, depthwise), expected) <= tolerance<T>);
}
template <class T>
void check_all(Cuda& device, const contracts::ConvolutionGeometry& g) {
    for (const Direction d : directions) check<T>(device, g, d);
}

}  // namespace

TEMPLATE_TEST_CASE("cuda: convolutions are correct in all directions", "[cuda]", float, double) {
    Cuda device;
    for (contracts::ConvolutionGeometry geometry : convolution_geometries) {
        geometry.batch = std::min(geometry.batch, 5);  // larger batches are covered on the CPU
        check_all<TestType>(device, geometry);
    }
}

TEST_CASE("cuda: random convolutions are correct", "[cuda]") {
    RandomGeometries random;
    Cuda device;
    for (int i = 0; i < 60; ++i) {
        const contracts::ConvolutionGeometry geometry = random.next(random.number(1, 7));
        check<float>(device, geometry, directions[random.number(0, 2)]);
    }
}

TEST_CASE("cuda: large tiles of convolutions, and split-K", "[cuda]") {
    const contracts::ConvolutionGeometry large{40, window(24, 3, 2, 1), window(24, 3, 2, 1), 64,
                                               4};  // 6,000 and 23,000 pixels
    const contracts::ConvolutionGeometry wide{8, window(56, 1, 1, 1), window(56, 2, 1), 12, 60};
    const contracts::ConvolutionGeometry deep{2, window(4, 3, 1, 1), window(4, 3, 1, 1), 128,
                                              40};  // sums of 1,152 terms
    Cuda device;
    const auto compare = [&](const contracts::ConvolutionGeometry& g, Direction d) {
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

TEST_CASE("cuda: weight gradients of depthwise convolutions in several parts", "[cuda]") {
    Cuda device;
    for (const bool accumulate : {false, true}) {
        Convolution<float> c{{20, window(24, 3, 2, 1), window(20, 3, 2, 1), 35, 35, 35}, Direction::weights};
        c.accumulate = accumulate;
        CHECK(error(c.on(device, depthwise), c.on(device, plain)) <= tolerance<float>);
    }
}

TEST_CASE("cuda: convolutions with fused activation backward", "[cuda]") {
    Cuda device;
    for (const contracts::Activation activation : reference::all_activations()) {
        if (!ops::fuses_into_backward(activation.kind)) continue;
        for (const Direction d : directions)
            for (const std::size_t offset : {0, 1}) {  // with and without packs
                CAPTURE(static_cast<int>(activation.kind), static_cast<int>(d), offset);
                Convolution<float> c{{3, window(9, 4, 2, 1), window(7, 4, 2, 1), 8, 12}, d};
                c.behind = activation;
                c.offset = offset;
                const std::vector<double> expected = c.on_reference();
                CHECK(error(c.on(device, plain), expected) <= tolerance<float>);
                CHECK(error(c.on(device, tiled), expected) <= tolerance<float>);
            }
    }
}

TEST_CASE("cuda: empty convolutions", "[cuda]") {
    Cuda device;
    check_all<float>(device, {2, window(4, 2), window(4, 2, 2), 0, 5});
    check_all<float>(device, {2, window(4, 2), window(4, 2, 2), 3, 0});
    check_all<float>(device, {0, window(4, 2), window(4, 2, 2), 3, 5});
    check_all<float>(device, {0, window(4, 2), window(4, 2, 2), 6, 4, 2});
    check_all<float>(device, {0, window(4, 2), window(4, 2, 2), 3, 3, 3});
}

TEST_CASE("cuda: a convolution has the same bits each time", "[cuda]") {
    Cuda device;
    const contracts::ConvolutionAxis v = window(9, 4, 2, 1), h = window(7, 4, 2, 1);
    // Sums of 784, 800 and 840 terms: split over three blocks, any of which may finish last.
    for (const Convolution<float>& c : {Convolution<float>{{2, v, h, 49, 12}, Direction::forward},
                                        Convolution<float>{{2, v, h, 12, 200}, Direction::transposed},
                                        Convolution<float>{{70, v, h, 9, 12}, Direction::weights}}) {
        const std::vector<float> expected = c.on(device, tiled);
        for (int i = 0; i < repetitions; ++i) REQUIRE(same_bits(c.on(device, tiled), expected));
    }
}

TEST_CASE("cuda: a convolution by cuDNN uses the current weights", "[cuda]") {
    const contracts::ConvolutionGeometry g{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 5, 7};
    Cuda device;
    const Placed<float, Cuda> x(device, random_numbers<float>(g.x_size(), "x")),
        y(device, std::vector<float>(g.y_size())), w(device, random_numbers<float>(g.w_size(), "w"));
    core::Buffer<float, Cuda> expected(device, g.y_size());
    const auto check_result = [&](bool stays) {
        contracts::ConvolutionParameters<float> p{g, x.data(), w.data(), y.data()};
        p.weights_are_constant = stays;
        cudnn(device, p);
        cuda::convolution_plain(
            device, contracts::ConvolutionParameters<float>{g, x.data(), w.data(), expected.data()});
        CHECK(error(y.to_host(), expected.to_host()) <= library_tolerance<float>);
    };
    const auto change_weights = [&](float number) {
        device.memory().copy_from_host(w.data() + 3, &number, sizeof number);
    };
    {
        const Step<Cuda> step{device};
        check_result(true);
        check_result(true);
        change_weights(5);
        device.tape().overwritten(w.data(), w.data() + g.w_size());
        check_result(true);
        change_weights(6);
        check_result(false);  // the weights may have changed
    }
    change_weights(7);
    const Step<Cuda> step{device};
    check_result(true);
}

TEST_CASE("cuda: a convolution by cuDNN has float precision, and TF32 precision on request", "[cuda]") {
    Cuda exact, fast{{.tf32 = true}};
    for (const Direction d : directions) {
        const Convolution<float> c{{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 5, 7}, d};
        const std::vector<float> expected = c.on(exact, plain);
        CHECK(error(c.on(exact, cudnn), expected) <= library_tolerance<float>);
        CHECK(error(c.on(fast, cudnn), expected) < 1e-2);
    }
}

TEST_CASE("cuda: a convolution in a graph equals the one outside", "[cuda]") {
    Cuda device;
    for (const Direction d : directions) {
        const Convolution<float> c{{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 20, 28}, d};
        const std::vector<float> expected = c.on(device, plain);
        c.on(device, cudnn);  // cuDNN's plan is chosen in the first step
        const auto in_graph = [&](const auto& f) {
            return c.on(device, [&](Cuda& dev, const auto& p) { dev.run_as_graph([&] { f(dev, p); }); });
        };
        CHECK(error(in_graph(tiled), expected) <= tolerance<float>);
        CHECK(error(in_graph(cudnn), expected) <= library_tolerance<float>);
    }
}

}  // namespace gantry::test
