// The kernels and library calls of a convolution, and the order of its blocks.
#include "cuda/convolution.hpp"
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/options.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace gantry::test {
namespace {

using Launches = std::map<std::string, std::size_t>;

}  // namespace

TEST_CASE("cuda: which backward passes fuse the activation's derivative", "[cuda]") {
    Cuda device;
    const auto starts_activation_gradient = [&]<contracts::ActivationKind kind>(
                                                std::integral_constant<contracts::ActivationKind, kind>,
                                                bool bias, ops::GradOptions options = {}) {
        const Step<Cuda> step{device};
        const auto random = [&]<class S>(S, int batch) {
            return variable(from_host<S>(device, batch, random_numbers<float>(S::size(batch), "numbers")));
        };
        const auto x = random(Shape<Batch, 8, 8, 3>{}, 2);
        const auto w = random(Shape<4, 4, 3, 5>{}, 0);
        const auto b = random(Shape<5>{}, 0);
        constexpr Conv2dOptions window{.size = 4, .stride = 2, .padding = 1};
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
    constexpr std::integral_constant<contracts::ActivationKind, contracts::ActivationKind::leaky_relu>
        leaky_relu;
    constexpr std::integral_constant<contracts::ActivationKind, contracts::ActivationKind::softplus> softplus;
    CHECK_FALSE(starts_activation_gradient(leaky_relu, false));
    CHECK(starts_activation_gradient(leaky_relu, true));
    CHECK(starts_activation_gradient(leaky_relu, false, {.create_graph = true}));
    CHECK(starts_activation_gradient(softplus, false));

    const contracts::ConvolutionGeometry wide{128, window(32, 4, 2, 1), window(32, 4, 2, 1), 64, 128};
    CHECK_FALSE(contracts::fuses_activation_backward(device, wide, contracts::ActivationKind::tanh));
    CHECK_FALSE(contracts::fuses_activation_backward(device, {3, window(4, 4), window(4, 4), 5, 7},
                                                     contracts::ActivationKind::tanh));
}

TEST_CASE("cuda: a convolution has the same bits in any order of blocks and threads", "[cuda]") {
    Cuda device;
    const contracts::ConvolutionAxis v = window(9, 4, 2, 1), h = window(7, 4, 2, 1);
    // Sums of 784, 800 and 840 terms: split over three blocks, any of which may finish last.
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

TEST_CASE("cuda: which convolution kernel is used", "[cuda]") {
    CHECK(cuda::wide({128, window(32, 4, 2, 1), window(32, 4, 2, 1), 64, 128}));
    CHECK_FALSE(cuda::wide({128, window(64, 4, 2, 1), window(64, 4, 2, 1), 3, 128}));
    CHECK_FALSE(cuda::wide({1, window(32, 4, 2, 1), window(32, 4, 2, 1), 64, 128}));

    Cuda device;
    const auto launches = [&](const contracts::ConvolutionGeometry& g, Direction d, const auto& f) {
        Convolution<float> c{g, d};
        c.with_bias = true;
        cuda_emulator::reset_counts();
        c.on(device, f);
        return cuda_emulator::counts().launches;
    };
    const contracts::ConvolutionGeometry small{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 5, 7};
    CHECK(launches(small, Direction::forward, chosen) == Launches{{"convolution_tiled", 1}});
    CHECK(launches(small, Direction::transposed, chosen) == Launches{{"convolution_transposed_tiled", 1}});
    CHECK(launches(small, Direction::weights, chosen) == Launches{{"convolution_weight_gradient_tiled", 1}});
    CHECK(launches(small, Direction::forward, cudnn) == Launches{{"transpose", 1}, {"bias_activation", 1}});
    CHECK(launches(small, Direction::weights, cudnn) == Launches{{"transpose", 1}});
    const contracts::ConvolutionGeometry covering{3, window(4, 4), window(4, 4), 5, 7};
    CHECK(launches(covering, Direction::forward, chosen) == Launches{{"matmul_tiled", 1}});
    CHECK(launches(covering, Direction::transposed, chosen) ==
          Launches{{"matmul_tiled", 1}, {"bias_activation", 1}});
}

TEST_CASE("cuda: a step converts its weights to cuDNN's filter layout once", "[cuda]") {
    const contracts::ConvolutionGeometry g{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 5, 7};
    Cuda device;
    const Placed<float, Cuda> x(device, random_numbers<float>(g.x_size(), "x")),
        y(device, std::vector<float>(g.y_size())), w(device, random_numbers<float>(g.w_size(), "w"));
    core::Buffer<float, Cuda> expected(device, g.y_size());
    /// Runs a convolution by cuDNN and returns whether it transposed the weights. The result must be that of
    /// the current w.
    const auto makes_filter = [&](bool stays) {
        cuda_emulator::reset_counts();
        contracts::ConvolutionParameters<float> p{g, x.data(), w.data(), y.data()};
        p.weights_are_constant = stays;
        REQUIRE(cuda::convolution_cudnn(device, p));
        device.synchronize();
        const bool made = cuda_emulator::counts().launches.count("transpose") > 0;
        cuda::convolution_plain(
            device, contracts::ConvolutionParameters<float>{g, x.data(), w.data(), expected.data()});
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
        REQUIRE(cuda::convolution_cudnn(device, contracts::ConvolutionTransposedParameters<float>{
                                                    g, y.data(), w.data(), x.data(), nullptr, {}, true}));
        device.synchronize();
        CHECK(cuda_emulator::counts().launches.count("transpose") == 0);
        change_weights(5);
        device.tape().overwritten(w.data(), w.data() + g.w_size());
        CHECK(makes_filter(true));
        CHECK_FALSE(makes_filter(true));
        change_weights(6);
        CHECK(makes_filter(false));  // the weights may have changed
    }
    {
        const Step<Cuda> step{device};
        CHECK(makes_filter(true));
        device.tape().overwritten(nullptr, nullptr);
        CHECK_THROWS(device.run_as_graph([&] {
            REQUIRE(cuda::convolution_cudnn(device, contracts::ConvolutionParameters<float>{
                                                        g, x.data(), w.data(), y.data(), nullptr, {}, true}));
            throw Error("[test] a step that fails");
        }));
        CHECK(makes_filter(true));  // the failed step's filter was never computed
    }
}

TEST_CASE("cuda: cuDNN uses TF32 only on request", "[cuda]") {
    Cuda exact, fast{{.tf32 = true}};
    for (const Direction d : directions) {
        const Convolution<float> c{{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 5, 7}, d};
        const std::vector<float> expected = c.on(exact, plain);
        CHECK(error(c.on(exact, cudnn), expected) < 1e-6);
        CHECK(error(c.on(fast, cudnn), expected) > 1e-5);
        CHECK(error(c.on(fast, cudnn), expected) < 1e-2);
    }
}

TEST_CASE("cuda: convolutions are captured into a graph", "[cuda]") {
    Cuda device;
    for (const Direction d : directions) {
        const Convolution<float> c{{3, window(8, 4, 2, 1), window(6, 4, 2, 1), 20, 28}, d};
        const std::vector<float> expected = c.on(device, plain);
        c.on(device, cudnn);  // cuDNN's plan is chosen in the first step
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
