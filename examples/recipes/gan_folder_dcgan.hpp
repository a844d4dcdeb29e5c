#pragma once
#include "gan/dcgan_recipe.hpp"
#include "networks/dcgan.hpp"

#include <string_view>

// The recipe of gan_folder_dcgan.

namespace gantry::recipes::folder_dcgan {

/// pytorch/examples, dcgan.
struct Dcgan : gan::DcganRecipe<networks::Dcgan64> {
    static constexpr std::string_view name = "dcgan";
    static constexpr gan::RecipeSettings settings{
        .iterations = 10'000, .batch = 64, .range = PixelRange::minus_one_to_one};
};

}  // namespace gantry::recipes::folder_dcgan
