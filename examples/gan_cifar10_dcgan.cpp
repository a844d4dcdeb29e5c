// Trains a deep convolutional GAN on CIFAR-10.
#include "recipes/gan_cifar10_dcgan.hpp"

#include "gan/run.hpp"

using namespace gantry;
using namespace gantry::recipes::cifar10_dcgan;

int main(int argc, char** argv) {
    return gan::run<Notebook, Wide>(argc, argv,
                                    {.name = "gan_cifar10_dcgan",
                                     .description = "Trains a deep convolutional GAN on CIFAR-10.",
                                     .dataset = program::cifar10()});
}
