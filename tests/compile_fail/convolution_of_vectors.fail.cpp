// expect: takes images.*a Reshape may be missing
// expect: LayerFitsImage<1, gantry::ConvTranspose2d<64, 32[^>]*>, gantry::Shape<-1, 64
// max-errors: 1
// trains: Generator
#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/conv_transpose2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Generator = Sequential<Dense<100, 64>, ConvTranspose2d<64, 32, Conv2dOptions{.size = 4}>>;
