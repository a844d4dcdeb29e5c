// Trains one of three fully connected GANs on MNIST, Fashion-MNIST or any data set with the same file names.
#include "recipes/gan_mnist_mlp.hpp"

#include "gan/run.hpp"

using namespace gantry;
using namespace gantry::recipes::mnist_mlp;

int main(int argc, char** argv) {
    return gan::run<FluxGan, Goodfellow, Tejpalv>(
        argc, argv,
        {.name = "gan_mnist_mlp",
         .description =
             "Trains a GAN of dense layers on MNIST, Fashion-MNIST or data with the same file names.",
         .dataset = program::mnist()});
}
