// Trains a fully connected GAN on six classes of CIFAR-10: 127 million parameters.
#include "recipes/gan_cifar10_mlp.hpp"

#include "gan/run.hpp"

using namespace gantry;
using namespace gantry::recipes::cifar10_mlp;

int main(int argc, char** argv) {
    return gan::run<FluxGan>(argc, argv,
                             {.name = "gan_cifar10_mlp",
                              .description = "Trains a GAN of dense layers on CIFAR-10.",
                              .dataset = program::cifar10()});
}
