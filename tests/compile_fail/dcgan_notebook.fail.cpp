// The discriminator of the DCGAN notebook for CIFAR-10, as printed: sizes 32, 15, 6, 2, and then no pixel is
// left.
// expect: the window of a layer is larger than its input image
// expect: LayerFitsWindow<10, gantry::Conv2d<64, 1[^>]*>, 2, 2, 4, 4>
// max-errors: 1
// trains: Discriminator
#include <gantry/gantry.hpp>

using namespace gantry;
constexpr Conv2dOptions window{.size = 4, .stride = 2, .bias = false};
using Discriminator =
    Sequential<InputShape<32, 32, 3>, Conv2d<3, 16, window>, BatchNorm<16>, LeakyReLU<0.2f>,
               Conv2d<16, 32, window>, BatchNorm<32>, LeakyReLU<0.2f>, Conv2d<32, 64, window>, BatchNorm<64>,
               LeakyReLU<0.2f>, Conv2d<64, 1, window>, Sigmoid>;
