// Trains a GAN with a convolutional maxout discriminator on six classes of CIFAR-10.
#include "gan/fluxgan_recipe.hpp"
#include "gan/run.hpp"
#include "networks/fluxgan_cifar10.hpp"

#include <string_view>

using namespace gantry;

/// FluxGAN.jl: mean pooling.
struct FluxGan : gan::FluxGanRecipe<networks::FluxGanConvolutional32> {
    static constexpr gan::RecipeSettings settings{
        .iterations = 10'000, .batch = 50, .range = PixelRange::minus_one_to_one, .classes = gan::animals};
};
/// Max pooling, as in the code of Goodfellow et al., "Generative adversarial nets" (2014).
struct Goodfellow : gan::FluxGanRecipe<networks::GoodfellowConvolutional32> {
    static constexpr std::string_view name = "goodfellow";
    static constexpr gan::RecipeSettings settings = FluxGan::settings;
};

int main(int argc, char** argv) {
    return gan::run<FluxGan, Goodfellow>(
        argc, argv,
        {.name = "gan_cifar10_conv",
         .description = "Trains a GAN with a convolutional maxout discriminator on CIFAR-10.",
         .source = gan::cifar10()});
}
