// The generator of the DCGAN notebook, as printed, generates 46x46 images; its discriminator takes 32x32.
// expect: the tensor does not have the input shape of the network
// expect: NetworkInputFits<gantry::Shape<-1, 32, 32, 3>, gantry::Shape<-1, 46, 46, 3>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
constexpr Conv2dOptions window{.size = 4, .stride = 2, .bias = false};
using Generator =
    Sequential<InputShape<1, 1, 100>, ConvTranspose2d<100, 64, window>, BatchNorm<64>, ReLU,
               ConvTranspose2d<64, 32, window>, BatchNorm<32>, ReLU, ConvTranspose2d<32, 16, window>,
               BatchNorm<16>, ReLU, ConvTranspose2d<16, 3, window>, Tanh>;
using Discriminator = Sequential<InputShape<32, 32, 3>, Conv2d<3, 16, Conv2dOptions{.size = 4, .stride = 2}>>;

auto step(Network<Generator, Cpu>& generator, Network<Discriminator, Cpu>& discriminator,
          const Tensor<Shape<Batch, 1, 1, 100>, float, Cpu>& noise) {
    return discriminator(generator(noise));
}
