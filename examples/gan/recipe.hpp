#pragma once
#include "trainer.hpp"
#include <gantry/core/images.hpp>
#include <gantry/cpu/cpu.hpp>
#include <gantry/init/initialize.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>

namespace gantry::gan {

// clang-format off
// A recipe is a struct with
//   name                                          for --recipe
//   Generator, Discriminator                      architectures; samples are Shape<Batch, height, width,
//                                                 channels> or flat, the discriminator's output is
//                                                 Shape<Batch, 1>
//   settings                                      RecipeSettings
//   initialize(generator, discriminator, images, stream)
//   generator_optimizer(network), discriminator_optimizer(network)
//                                                 each returns an optimizer for its network
// clang-format on

/// Defaults and fixed settings of a recipe.
struct RecipeSettings {
    std::uint64_t iterations;                ///< default of --iterations: updates of the generator
    int batch;                               ///< default of --batch
    PixelRange range;                        ///< of the generator's output
    Noise noise = Noise::normal;             ///< distribution of latent points
    Updates updates = Updates::alternating;  ///< when the generator is updated
    std::string_view classes = "";           ///< comma-separated, for data with classes; empty: all
};

/// A recipe: see above.
template <class R>
concept Recipe = requires(Network<typename R::Generator, Cpu>& generator,
                          Network<typename R::Discriminator, Cpu>& discriminator, const Images& images,
                          RandomStream& stream) {
    { R::name } -> std::convertible_to<std::string_view>;
    { R::settings } -> std::convertible_to<const RecipeSettings&>;
    R::initialize(generator, discriminator, images, stream);
    R::generator_optimizer(generator);
    R::discriminator_optimizer(discriminator);
};

/// DCGAN's initialisation: weights normal(0, 0.02), scales of batch norm normal(1, 0.02), shifts and biases
/// 0. Sources: Radford et al., "Unsupervised representation learning with deep convolutional generative
/// adversarial networks" (2015), section 4; the authors' code for the scales.
template <class Net>
void initialize_dcgan(Net& network, RandomStream& stream) {
    initialize(network, Role::weight, Normal{0, 0.02}, stream);
    initialize(network, Role::scale, Normal{1, 0.02}, stream);
    initialize(network, Role::shift, Constant{0}, stream);
    initialize(network, Role::bias, Constant{0}, stream);
}

}  // namespace gantry::gan
