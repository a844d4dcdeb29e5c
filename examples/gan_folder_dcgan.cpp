// Trains a deep convolutional GAN on your own pictures, brought to 64x64.
#include "gan/dcgan_recipe.hpp"
#include "gan/run.hpp"
#include "networks/dcgan.hpp"

#include <string_view>

using namespace gantry;

/// pytorch/examples, dcgan.
struct Dcgan : gan::DcganRecipe<networks::Dcgan64> {
    static constexpr std::string_view name = "dcgan";
    static constexpr gan::RecipeSettings settings{
        .iterations = 10'000, .batch = 64, .range = PixelRange::minus_one_to_one};
};

int main(int argc, char** argv) {
    return gan::run<Dcgan>(argc, argv,
                           {.name = "gan_folder_dcgan",
                            .description = "Trains a deep convolutional GAN on a folder of pictures.",
                            .source = gan::picture_folder(64, 64)});
}
