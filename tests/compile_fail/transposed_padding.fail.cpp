// expect: leaves no output pixels
// expect: LayerLeavesPixels<1, gantry::ConvTranspose2d<8, 3[^>]*>, 0, 0>
// max-errors: 1
// trains: Layer
#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/conv_transpose2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Layer = Sequential<InputShape<1, 1, 8>, ConvTranspose2d<8, 3, Conv2dOptions{.size = 4, .padding = 2}>>;
