#pragma once
#include "gan/fluxgan_recipe.hpp"
#include <gantry/gantry.hpp>
#include <gantry/optim/adam.hpp>
#include <gantry/optim/sgd.hpp>

#include <string_view>

// The recipes of gan_mnist_mlp: fully connected GANs.

namespace gantry::recipes::mnist_mlp {

inline constexpr int picture_size = 28 * 28;

/// FluxGAN.jl: a ReLU generator against a maxout discriminator, both with optimistic Adam.
struct FluxGanNetworks {
    static constexpr double learning_rate = 2e-4;
    using Generator =
        Sequential<Dense<100, 1200>, ReLU, Dense<1200, 1200>, ReLU, Dense<1200, picture_size>, Tanh>;
    using Discriminator =
        Sequential<Maxout<Dense<picture_size, 240>, 5>, Maxout<Dense<240, 240>, 5>, Dense<240, 1>>;
    static_assert(Generator::parameter_count == 2'503'984 && Discriminator::parameter_count == 1'231'441);
};
struct FluxGan : gan::FluxGanRecipe<FluxGanNetworks> {
    static constexpr gan::RecipeSettings settings{
        .iterations = 5000, .batch = 100, .range = PixelRange::minus_one_to_one};
};

/// Goodfellow et al., "Generative adversarial nets" (2014), as in the paper's code: uniform noise, dropout in
/// the discriminator, both networks updated simultaneously by SGD with momentum.
struct Goodfellow {
    static constexpr std::string_view name = "goodfellow";
    using Generator =
        Sequential<Dense<100, 1200>, ReLU, Dense<1200, 1200>, ReLU, Dense<1200, picture_size>, Sigmoid>;
    using Discriminator = Sequential<Dropout<0.2f>, Maxout<Dense<picture_size, 240>, 5>, Dropout<0.5f>,
                                     Maxout<Dense<240, 240>, 5>, Dropout<0.5f>, Dense<240, 1>>;
    static_assert(Generator::parameter_count == 2'503'984 && Discriminator::parameter_count == 1'231'441);

    static constexpr gan::RecipeSettings settings{.iterations = 50'000,
                                                  .batch = 100,
                                                  .range = PixelRange::zero_to_one,
                                                  .noise = gan::Noise::uniform,
                                                  .updates = gan::Updates::simultaneous};

    static void initialize(auto& generator, auto& discriminator, const Images& images, RandomStream& stream) {
        gantry::initialize(generator, Role::weight, Uniform{-0.05, 0.05}, stream);
        gantry::initialize(discriminator, Role::weight, Uniform{-0.005, 0.005}, stream);
        gantry::initialize(generator, Role::bias, Constant{0}, stream);
        gantry::initialize(discriminator, Role::bias, Constant{0}, stream);
        initialize_output_bias(generator,
                               marginal_means(images.pixels, images.sample_size(), PixelRange::zero_to_one),
                               contracts::ActivationKind::sigmoid);
    }
    /// Momentum increases over 250 epochs of 600 batches.
    static SgdOptions sgd(double learning_rate) {
        return {.learning_rate = learning_rate,
                .decay = ExponentialDecay{.factor = 1.000004, .minimum = 1e-6},
                .momentum_schedule = LinearMomentum{.from = 0.5, .to = 0.7, .end = 250 * 600}};
    }
    static auto generator_optimizer(auto& network) { return Sgd(network, sgd(0.1)); }
    /// Half the learning rate, since the paper's code halves the discriminator's loss.
    static auto discriminator_optimizer(auto& network) { return Sgd(network, sgd(0.05)); }
};

/// gan.py of tejpalv's pytorch-basics, except that the discriminator is also trained on generated samples.
struct Tejpalv {
    static constexpr std::string_view name = "tejpalv";
    using Generator = Sequential<Dense<32, 512>, LeakyReLU<0.1f>, Dense<512, 512>, LeakyReLU<0.1f>,
                                 Dense<512, picture_size>, Tanh>;
    using Discriminator = Sequential<Dense<picture_size, 512>, LeakyReLU<0.1f>, Dense<512, 512>,
                                     LeakyReLU<0.1f>, Dense<512, 1>>;
    static_assert(Generator::parameter_count == 681'744 && Discriminator::parameter_count == 665'089);

    static constexpr gan::RecipeSettings settings{
        .iterations = 20'000, .batch = 100, .range = PixelRange::minus_one_to_one};

    static void initialize(auto&, auto&, const Images&, RandomStream&) {}  // keeps PyTorch's, the default
    static auto generator_optimizer(auto& network) { return Adam(network, {.learning_rate = 1e-4}); }
    static auto discriminator_optimizer(auto& network) { return Adam(network, {.learning_rate = 1e-4}); }
};

}  // namespace gantry::recipes::mnist_mlp
