#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/conv_transpose2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Generator =
    Sequential<Dense<100, 64>, Reshape<1, 1, 64>, ConvTranspose2d<64, 32, Conv2dOptions{.size = 4}>>;
