#pragma once
#include "gan/fluxgan_recipe.hpp"
#include "networks/fluxgan_cifar10.hpp"

#include <string_view>

// The recipes of gan_cifar10_conv.

namespace gantry::recipes::cifar10_conv {

/// FluxGAN.jl: average pooling.
struct FluxGan : gan::FluxGanRecipe<networks::FluxGanConvolutional32> {
    static constexpr gan::RecipeSettings settings{
        .iterations = 10'000, .batch = 50, .range = PixelRange::minus_one_to_one, .classes = gan::animals};
};
/// Max pooling, as in the code of Goodfellow et al., "Generative adversarial nets" (2014).
struct Goodfellow : gan::FluxGanRecipe<networks::GoodfellowConvolutional32> {
    static constexpr std::string_view name = "goodfellow";
    static constexpr gan::RecipeSettings settings = FluxGan::settings;
};

}  // namespace gantry::recipes::cifar10_conv
