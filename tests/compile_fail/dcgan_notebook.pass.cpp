#include <gantry/gantry.hpp>

using namespace gantry;
constexpr Conv2dOptions window{.size = 4, .stride = 2, .padding = 1, .bias = false};
using Discriminator =
    Sequential<InputShape<32, 32, 3>, Conv2d<3, 16, window>, BatchNorm<16>, LeakyReLU<0.2f>,
               Conv2d<16, 32, window>, BatchNorm<32>, LeakyReLU<0.2f>, Conv2d<32, 64, window>, BatchNorm<64>,
               LeakyReLU<0.2f>, Conv2d<64, 1, Conv2dOptions{.size = 4, .bias = false}>, Sigmoid>;
