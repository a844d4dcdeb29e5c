// expect: a pooling layer takes one Pool2dOptions
// max-errors: 1
// trains: Autoencoder
#include <gantry/gantry.hpp>

using namespace gantry;
constexpr Conv2dOptions window{.size = 3, .padding = 1};
using Autoencoder = Sequential<InputShape<8, 8, 2>, PoolUnpool2d<2, Conv2d<2, 2, window>>>;
