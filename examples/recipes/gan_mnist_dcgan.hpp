#pragma once
#include "gan/dcgan_recipe.hpp"
#include "networks/dcgan.hpp"

#include <string_view>

// The recipe of gan_mnist_dcgan.

namespace gantry::recipes::mnist_dcgan {

/// pytorch/examples, cpp/dcgan.
struct Dcgan : gan::DcganRecipe<networks::Dcgan28> {
    static constexpr std::string_view name = "dcgan";
    static constexpr gan::RecipeSettings settings{
        .iterations = 5000, .batch = 64, .range = PixelRange::minus_one_to_one};
    static constexpr AdamOptions adam{.learning_rate = 2e-4, .beta1 = 0.5, .beta2 = 0.5};
    static auto generator_optimizer(auto& network) { return Adam(network, adam); }
    static auto discriminator_optimizer(auto& network) { return Adam(network, adam); }
};

}  // namespace gantry::recipes::mnist_dcgan
