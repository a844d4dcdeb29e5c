// Trains a deep convolutional GAN on your own image files, resized to 64x64.
#include "recipes/gan_folder_dcgan.hpp"

#include "gan/run.hpp"

using namespace gantry;
using namespace gantry::recipes::folder_dcgan;

int main(int argc, char** argv) {
    return gan::run<Dcgan>(
        argc, argv,
        {.name = "gan_folder_dcgan",
         .description = "Trains a deep convolutional GAN on a folder of PNG and JPEG files.",
         .dataset = program::image_folder(64, 64)});
}
