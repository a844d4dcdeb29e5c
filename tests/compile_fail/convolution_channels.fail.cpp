// expect: a layer expects a different number of features
// expect: LayerFits<2, gantry::Conv2d<32, 64[^>]*>, 32, 16>
// max-errors: 1
// trains: Discriminator
#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/conv_transpose2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Discriminator = Sequential<InputShape<8, 8, 3>, Conv2d<3, 16, Conv2dOptions{.size = 3}>,
                                 Conv2d<32, 64, Conv2dOptions{.size = 3}>>;
