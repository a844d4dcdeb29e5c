#pragma once
#include "gan/fluxgan_recipe.hpp"
#include "networks/fluxgan_cifar10.hpp"

// The recipe of gan_cifar10_mlp.

namespace gantry::recipes::cifar10_mlp {

/// FluxGAN.jl.
struct FluxGan : gan::FluxGanRecipe<networks::FluxGanDense32> {
    static constexpr gan::RecipeSettings settings{
        .iterations = 20'000, .batch = 50, .range = PixelRange::minus_one_to_one, .classes = gan::animals};
};

}  // namespace gantry::recipes::cifar10_mlp
