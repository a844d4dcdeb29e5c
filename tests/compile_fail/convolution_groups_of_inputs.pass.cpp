#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/conv_transpose2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Layer = Sequential<InputShape<8, 8, 4>, Conv2d<4, 16, Conv2dOptions{.size = 4, .groups = 2}>>;
