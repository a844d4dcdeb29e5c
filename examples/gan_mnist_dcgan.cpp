// Trains a deep convolutional GAN on MNIST, Fashion-MNIST or any data set with the same file names.
#include "recipes/gan_mnist_dcgan.hpp"

#include "gan/run.hpp"

using namespace gantry;
using namespace gantry::recipes::mnist_dcgan;

int main(int argc, char** argv) {
    return gan::run<Dcgan>(
        argc, argv,
        {.name = "gan_mnist_dcgan",
         .description =
             "Trains a deep convolutional GAN on MNIST, Fashion-MNIST or data with the same file names.",
         .dataset = program::mnist()});
}
