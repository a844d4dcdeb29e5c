#include <gantry/gantry.hpp>

using namespace gantry;
constexpr Conv2dOptions window{.size = 4, .stride = 2, .padding = 1, .bias = false};
using Generator =
    Sequential<InputShape<1, 1, 100>, ConvTranspose2d<100, 64, Conv2dOptions{.size = 4, .bias = false}>,
               BatchNorm<64>, ReLU, ConvTranspose2d<64, 32, window>, BatchNorm<32>, ReLU,
               ConvTranspose2d<32, 16, window>, BatchNorm<16>, ReLU, ConvTranspose2d<16, 3, window>, Tanh>;
using Discriminator = Sequential<InputShape<32, 32, 3>, Conv2d<3, 16, Conv2dOptions{.size = 4, .stride = 2}>>;

auto step(Network<Generator, Cpu>& generator, Network<Discriminator, Cpu>& discriminator,
          const Tensor<Shape<Batch, 1, 1, 100>, float, Cpu>& noise) {
    return discriminator(generator(noise));
}
