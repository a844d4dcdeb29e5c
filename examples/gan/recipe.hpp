#pragma once
#include "trainer.hpp"
#include <gantry/core/random.hpp>
#include <gantry/data/images.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace gantry::gan {

// A recipe is a struct with
//   name                                          for --recipe
//   Generator, Discriminator                      architectures
//   settings                                      RecipeSettings
//   initialize(generator, discriminator, images, stream)
//   generator_optimizer(network), discriminator_optimizer(network)     each returns an optimizer for it

struct RecipeSettings {
    std::uint64_t iterations;  ///< updates of the generator, unless the user wants another number
    int batch;                 ///< likewise
    PixelRange range;          ///< of the generator's output
    Noise noise = Noise::normal;
    Updates updates = Updates::alternating;
};

/// A seed of its own for a part of a run, so that two networks do not begin with the same numbers.
inline Seed seed_for(Seed run, std::string_view part) {
    const std::array<std::uint32_t, 4> words = RandomStream(run, part).block(0);
    return Seed{std::uint64_t{words[1]} << 32 | words[0]};
}

}  // namespace gantry::gan
