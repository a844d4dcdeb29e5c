// Trains a deep convolutional GAN on MNIST, Fashion-MNIST or any data set with their files.
#include "gan/dcgan_recipe.hpp"
#include "gan/run.hpp"
#include "networks/dcgan.hpp"

#include <string_view>

using namespace gantry;

/// pytorch/examples, cpp/dcgan.
struct Dcgan : gan::DcganRecipe<networks::Dcgan28> {
    static constexpr std::string_view name = "dcgan";
    static constexpr gan::RecipeSettings settings{
        .iterations = 5000, .batch = 64, .range = PixelRange::minus_one_to_one};
    static constexpr AdamOptions adam{.learning_rate = 2e-4, .beta1 = 0.5, .beta2 = 0.5};
    static auto generator_optimizer(auto& network) { return Adam(network, adam); }
    static auto discriminator_optimizer(auto& network) { return Adam(network, adam); }
};

int main(int argc, char** argv) {
    return gan::run<Dcgan>(
        argc, argv,
        {.name = "gan_mnist_dcgan",
         .description = "Trains a deep convolutional GAN on MNIST, Fashion-MNIST, or data with "
                        "their file names.",
         .source = gan::mnist()});
}
