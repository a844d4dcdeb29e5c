// expect: the groups of a convolution must divide its input channels and its output channels
// expect: GroupsDivideChannels<3, 16, 2>|in_channels=3, out_channels=16, groups=2
// max-errors: 1
// trains: Layer
#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/conv_transpose2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Layer = Sequential<InputShape<8, 8, 3>, Conv2d<3, 16, Conv2dOptions{.size = 4, .groups = 2}>>;
