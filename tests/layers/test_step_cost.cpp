// The cost of training steps, counted on a device that computes nothing: compared with devices that compute.
#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/gantry.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

constexpr int step_batch = 5;
constexpr Conv2dOptions halves{.size = 4, .stride = 2, .padding = 1};
constexpr Conv2dOptions halves_without_bias{.size = 4, .stride = 2, .padding = 1, .bias = false};

/// Alternating updates of a GAN's discriminator and generator, one Step each.
template <class D, class G, class C>
struct GanSteps {
    D& device;
    Network<G, D> generator{device, Seed{1}};
    Network<C, D> critic{device, Seed{2}};
    Adam<Network<G, D>> generator_adam{generator};
    Adam<Network<C, D>> critic_adam{critic};
    RandomStream noise{Seed{3}, "noise"};

    auto sample() { return generator(normal<typename G::Input>(device, step_batch, noise)); }
    void operator()() {
        {
            const Step step{device};
            const auto real = normal<typename C::Input>(device, step_batch, noise);
            const auto loss =
                bce_with_logits(critic(real), 1.0) + bce_with_logits(critic(detach(sample())), 0.0);
            critic_adam.step(backward(loss, critic));
        }
        const Step step{device};
        generator_adam.step(backward(bce_with_logits(frozen(critic)(sample()), 1.0), generator));
    }
};
template <class D>
using MlpGan = GanSteps<D, Sequential<Dense<4, 16>, ReLU, Dense<16, 12>, Tanh>,
                        Sequential<Maxout<Dense<12, 8>, 3>, Dropout<0.5>, Dense<8, 1>>>;
template <class D>
using DcGan = GanSteps<
    D,
    Sequential<Dense<4, 4 * 4 * 8>, BatchNorm<4 * 4 * 8>, ReLU, Reshape<4, 4, 8>,
               ConvTranspose2d<8, 4, halves_without_bias>, BatchNorm2d<4>, ReLU,
               ConvTranspose2d<4, 3, halves>, Tanh>,
    Sequential<InputShape<16, 16, 3>, Conv2d<3, 4, halves>, LeakyReLU<0.2>, Conv2d<4, 8, halves_without_bias>,
               BatchNorm2d<8>, LeakyReLU<0.2>, Flatten, Dense<128, 1>>>;

/// A U-Net of one level.
struct SmallUnet {
    using Input = Shape<Batch, 8, 8, 2>;
    Fused<Conv2d<2, 4, halves>, LeakyReLU<0.2>> down;
    Sequential<Conv2d<4, 4, Conv2dOptions{.size = 3, .padding = 1}>, BatchNorm2d<4>, ReLU> middle;
    ConvTranspose2d<4, 2, halves> up;

    auto operator()(const auto& x) const {
        const auto small = down(x);
        return concatenate<3>(up(small + middle(small)), x);
    }
};
template <class D>
struct UnetSteps {
    D& device;
    Network<SmallUnet, D> unet{device, Seed{1}};
    AdamW<Network<SmallUnet, D>> optimizer{unet};
    RandomStream noise{Seed{3}, "noise"};

    void operator()() {
        const Step step{device};
        const auto x = normal<Shape<Batch, 8, 8, 2>>(device, step_batch, noise);
        const auto gradients = backward(mse(unet(x), 0.5), unet);
        clip_gradient_norm(gradients, 1.0);
        optimizer.step(gradients);
    }
};
/// The critic's step of WGAN-GP: derivatives of derivatives.
template <class D>
struct PenaltySteps {
    using Image = Shape<Batch, 8, 8, 2>;
    using Critic = Sequential<InputShape<8, 8, 2>, Conv2d<2, 4, halves>, LeakyReLU<0.2>, Conv2d<4, 4, halves>,
                              Softplus, Flatten, Dense<16, 1>>;
    D& device;
    Network<Critic, D> critic{device, Seed{1}};
    RmsProp<Network<Critic, D>> optimizer{critic};
    RandomStream noise{Seed{3}, "noise"};

    void operator()() {
        const Step step{device};
        const auto real = normal<Image>(device, step_batch, noise),
                   fake = normal<Image>(device, step_batch, noise);
        const auto between = variable(0.5 * real + 0.5 * fake);
        const auto slopes = grad(sum(critic(between)), between, {.create_graph = true});
        const auto norm = sqrt(sum_per_sample(square(slopes)));
        const auto loss = mean(critic(fake)) - mean(critic(real)) + 10.0 * mean(square(norm - 1.0));
        optimizer.step(backward(loss, critic));
    }
};

/// A device that computes and counts the kernels that it launches.
struct CountingCpu : Cpu {
    std::size_t flops = 0, launches = 0;

    template <class P>
    friend void launch(CountingCpu& device, const P& p) {
        device.flops += contracts::flops(p);
        ++device.launches;
        launch(static_cast<Cpu&>(device), p);
    }
};

/// What a kernel of multiply-adds counts, and the number of its products: the sum of its results if all its
/// inputs are 1.
template <class P>
void check_products(const P& p, const std::vector<float>& results) {
    CHECK(contracts::flops(p) ==
          2 * static_cast<std::size_t>(std::accumulate(results.begin(), results.end(), 0.0)));
}

}  // namespace

TEST_CASE("FLOPs of products are twice their multiply-adds", "[layers]") {
    Cpu device;
    const std::vector<float> ones(4096, 1.0f);
    const auto results = [](std::size_t size) { return std::vector<float>(size); };
    {
        contracts::MatmulParameters<float> p{.rows = 5, .columns = 7, .inner = 11};
        auto c = results(5 * 7);
        p.a = p.b = ones.data();
        p.c = c.data();
        launch(device, p);
        check_products(p, c);
    }
    // Without padding, where all taps are inside of the image.
    for (const int groups : {1, 2, 4}) {
        contracts::ConvolutionGeometry g;
        g.batch = 3;
        g.vertical = {.in = 11, .out = 4, .size = 3, .stride = 2, .dilation = 2};
        g.horizontal = {.in = 6, .out = 5, .size = 2};
        g.vertical.out = (11 - 2 * 2 - 1) / 2 + 1;
        g.in_channels = 4;
        g.out_channels = 4;
        g.groups = groups;
        auto x = results(g.x_size()), y = results(g.y_size()), w = results(g.w_size());
        contracts::ConvolutionParameters<float> forward;
        forward.geometry = g;
        forward.x = forward.w = ones.data();
        forward.y = y.data();
        launch(device, forward);
        check_products(forward, y);
        contracts::ConvolutionTransposedParameters<float> back;
        back.geometry = g;
        back.y = back.w = ones.data();
        back.x = x.data();
        launch(device, back);
        check_products(back, x);
        contracts::ConvolutionWeightGradientParameters<float> weights;
        weights.geometry = g;
        weights.x = weights.y = ones.data();
        weights.w = w.data();
        launch(device, weights);
        check_products(weights, w);
    }
}

TEST_CASE("FLOPs of a step of a perceptron, by hand", "[layers]") {
    Meta device;
    using Perceptron = Sequential<Dense<6, 8>, LeakyReLU<0.2>, Dense<8, 1>>;
    Network<Perceptron, Meta> network{device, Seed{1}};
    Adam adam{network};
    constexpr std::size_t b = step_batch, first = 2 * b * 6 * 8, second = 2 * b * 8;
    constexpr std::size_t forward = first + b * 8 + b * 8 + second + b;
    constexpr std::size_t loss = 3 * b;
    // No gradient of the input; the sums of the biases; the derivative of the activation.
    constexpr std::size_t back = first + 2 * second + b + b * 8 + b * 8;
    // g + decay w; beta1 m + (1 - beta1) g; beta2 v + (1 - beta2) g g; w - rate m / (sqrt(v) scale + epsilon)
    constexpr std::size_t update = (2 + 3 + 4 + 6) * Perceptron::parameter_count;
    const auto steps = [&] {
        const Step step{device};
        adam.step(
            backward(bce_with_logits(network(filled<Shape<Batch, 6>>(device, step_batch, 0)), 1.0), network));
    };
    CHECK(step_cost(device, steps).flops == forward + loss + back + update);
    CHECK(step_cost(device, steps).flops == forward + loss + back + update);  // of the second alone
    // Parameters, gradients and two moments.
    CHECK(step_cost(device, steps).persistent_bytes == 4 * Perceptron::parameter_count * sizeof(float));
}

TEMPLATE_TEST_CASE("the cost of a step is that of the step on a device that computes", "[layers]",
                   GANTRY_TEST_DEVICES) {
    const auto check = [](const char* name, auto&& on_meta, auto&& on_device, Meta& meta, TestType& device,
                          std::size_t own_bytes) {
        CAPTURE(name);
        const StepCost cost = step_cost(meta, on_meta);
        on_device();
        on_device();  // later steps are as large
        CHECK(cost.step_bytes > 0);
        if constexpr (std::is_same_v<TestType, Cpu>)
            CHECK(device.arena().peak() == cost.step_bytes);
        else  // convolutions fuse derivatives of activations; kernels need a little memory
            CHECK(device.arena().peak() <= cost.step_bytes + cost.step_bytes / 100);
        CHECK(device.tape().peak_bytes() == cost.tape_bytes);
        CHECK(device.persistent_bytes() - own_bytes == cost.persistent_bytes);
    };
    const auto compare = [&]<template <class> class Steps>(const char* name) {
        Meta meta;
        TestType device;
        const std::size_t own_bytes = device.persistent_bytes();  // Cuda's semaphores
        check(name, Steps<Meta>{meta}, Steps<TestType>{device}, meta, device, own_bytes);
    };
    compare.template operator()<MlpGan>("MLP GAN");
    compare.template operator()<DcGan>("DCGAN");
    compare.template operator()<UnetSteps>("U-Net");
    compare.template operator()<PenaltySteps>("WGAN-GP");
}

TEST_CASE("a step on Cpu launches the kernels that its cost counts", "[layers]") {
    const auto compare = []<template <class> class Steps>(const char* name) {
        CAPTURE(name);
        Meta meta;
        Steps<Meta> on_meta{meta};
        CountingCpu cpu;
        Steps<CountingCpu> on_cpu{cpu};
        const StepCost cost = step_cost(meta, on_meta);
        cpu.flops = cpu.launches = 0;
        on_cpu();
        CHECK(cpu.flops == cost.flops);
        CHECK(cpu.launches == cost.launches);
    };
    compare.template operator()<MlpGan>("MLP GAN");
    compare.template operator()<DcGan>("DCGAN");
    compare.template operator()<UnetSteps>("U-Net");
    compare.template operator()<PenaltySteps>("WGAN-GP");
}

TEST_CASE("a network that fits into no memory has a cost", "[layers]") {
    Meta device;
    using Large = Sequential<Dense<1 << 20, 1 << 20, DenseOptions{.bias = false}>>;  // 4 TiB of weights
    Network<Large, Meta> network{device, Seed{1}};
    const StepCost cost = step_cost(device, [&] {
        const Step step{device};
        const auto loss = mean(network(filled<Shape<Batch, 1 << 20>>(device, 64, 0)));
        backward(loss, network);
        CHECK(loss.item() == 0);  // what is read
    });
    CHECK(cost.persistent_bytes == std::size_t{8} << 40);
    CHECK(cost.flops > 4 * 64 * (std::size_t{1} << 40));
}

}  // namespace gantry::test
