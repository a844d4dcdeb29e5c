#pragma once
#include "trainer.hpp"
#include <gantry/core/images.hpp>
#include <gantry/init/initialize.hpp>

#include <cstdint>
#include <string_view>

namespace gantry::gan {

// A recipe is a struct with
//   name                                          for --recipe
//   Generator, Discriminator                      architectures; items are Shape<Batch, height, width,
//                                                 channels> or flat, the discriminator's results
//                                                 Shape<Batch, 1>
//   settings                                      RecipeSettings
//   initialize(generator, discriminator, images, stream)
//   generator_optimizer(network), discriminator_optimizer(network)     each returns an optimizer for it

struct RecipeSettings {
    std::uint64_t iterations;  ///< updates of the generator, unless the user wants another number
    int batch;                 ///< likewise
    PixelRange range;          ///< of the generator's output
    Noise noise = Noise::normal;
    Updates updates = Updates::alternating;
    std::string_view classes = "";  ///< of data that have some, with commas between them; empty: all
};

/// DCGAN's first weights: normal with deviation 0.02, around 0 for weights and around 1 for batch norm's
/// scales; shifts, and biases where a layer has them, 0. Sources: Radford et al., "Unsupervised
/// representation learning with deep convolutional generative adversarial networks" (2015), section 4; for
/// the scales the authors' code.
template <class Net>
void initialize_dcgan(Net& network, RandomStream& stream) {
    initialize(network, Role::weight, Normal{0, 0.02}, stream);
    initialize(network, Role::scale, Normal{1, 0.02}, stream);
    initialize(network, Role::shift, Constant{0}, stream);
    initialize(network, Role::bias, Constant{0}, stream);
}

}  // namespace gantry::gan
