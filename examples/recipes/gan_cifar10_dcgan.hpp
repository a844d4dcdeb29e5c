#pragma once
#include "gan/dcgan_recipe.hpp"
#include "networks/dcgan.hpp"

#include <string_view>

// The recipes of gan_cifar10_dcgan.

namespace gantry::recipes::cifar10_dcgan {

/// The DCGAN notebook, with the padding that 32x32 images need.
struct Notebook : gan::DcganRecipe<networks::Dcgan32<16>> {
    static constexpr std::string_view name = "notebook";
    static constexpr gan::RecipeSettings settings{
        .iterations = 20'000, .batch = 100, .range = PixelRange::minus_one_to_one};
};
/// The same with the paper's channel counts, four times the notebook's.
struct Wide : gan::DcganRecipe<networks::Dcgan32<64>> {
    static constexpr std::string_view name = "wide";
    static constexpr gan::RecipeSettings settings{
        .iterations = 20'000, .batch = 64, .range = PixelRange::minus_one_to_one};
};

}  // namespace gantry::recipes::cifar10_dcgan
