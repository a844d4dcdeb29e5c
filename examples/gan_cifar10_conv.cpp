// Trains a GAN with a convolutional maxout discriminator on six classes of CIFAR-10.
#include "recipes/gan_cifar10_conv.hpp"

#include "gan/run.hpp"

using namespace gantry;
using namespace gantry::recipes::cifar10_conv;

int main(int argc, char** argv) {
    return gan::run<FluxGan, Goodfellow>(
        argc, argv,
        {.name = "gan_cifar10_conv",
         .description = "Trains a GAN with a convolutional maxout discriminator on CIFAR-10.",
         .dataset = program::cifar10()});
}
