#pragma once
#include "gan/recipe.hpp"
#include <gantry/gantry.hpp>

#include <string_view>

namespace gantry::test {

/// For 8x8 colour images, with every kind of state that a checkpoint must hold.
struct SmallRecipe {
    static constexpr Conv2dOptions half{.size = 4, .stride = 2, .padding = 1, .bias = false};
    static constexpr std::string_view name = "small";
    using Generator =
        Sequential<InputShape<4>, Reshape<1, 1, 4>, ConvTranspose2d<4, 8, Conv2dOptions{.size = 4}>,
                   BatchNorm<8>, ReLU, ConvTranspose2d<8, 3, half>, Tanh>;
    using Discriminator = Sequential<InputShape<8, 8, 3>, Conv2d<3, 6, half>, BatchNorm<6>, LeakyReLU<0.2f>,
                                     Flatten, Dropout<0.3f>, Dense<96, 1>>;
    static constexpr gan::RecipeSettings settings{
        .iterations = 2, .batch = 8, .range = PixelRange::minus_one_to_one, .classes = "bird,cat"};

    static void initialize(auto& generator, auto& discriminator, const Images&, RandomStream& stream) {
        gan::initialize_dcgan(generator, stream);
        gan::initialize_dcgan(discriminator, stream);
    }
    static auto generator_optimizer(auto& network) { return Adam(network, {.beta1 = 0.5}); }
    static auto discriminator_optimizer(auto& network) { return Adam(network, {.beta1 = 0.5}); }
};

}  // namespace gantry::test
