// expect: size, stride, dilation and groups of a window must be positive
// max-errors: 1
// trains: Layer
#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/conv_transpose2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Layer = Sequential<InputShape<8, 8, 3>, Conv2d<3, 16, Conv2dOptions{.size = 4, .stride = 0}>>;
