#include <gantry/layers/dense.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>
#include <gantry/layers/upsample.hpp>

using namespace gantry;
using Generator = Sequential<Dense<10, 64>, Reshape<8, 8, 1>, Upsample<2>>;
