#include <gantry/layers/avg_pool2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Classifier = Sequential<Dense<10, 64>, Reshape<8, 8, 1>, AvgPool2d<Pool2dOptions{.size = 2}>, Flatten>;
