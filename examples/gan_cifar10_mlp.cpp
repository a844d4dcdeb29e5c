// Trains a GAN made of dense layers on six classes of CIFAR-10: 127 million parameters.
#include "gan/fluxgan_recipe.hpp"
#include "gan/run.hpp"
#include "networks/fluxgan_cifar10.hpp"

using namespace gantry;

/// FluxGAN.jl.
struct FluxGan : gan::FluxGanRecipe<networks::FluxGanDense32> {
    static constexpr gan::RecipeSettings settings{
        .iterations = 20'000, .batch = 50, .range = PixelRange::minus_one_to_one, .classes = gan::animals};
};

int main(int argc, char** argv) {
    return gan::run<FluxGan>(argc, argv,
                             {.name = "gan_cifar10_mlp",
                              .description = "Trains a GAN made of dense layers on CIFAR-10.",
                              .source = gan::cifar10()});
}
