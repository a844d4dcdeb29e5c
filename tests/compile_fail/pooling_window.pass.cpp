#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/max_pool2d.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Classifier =
    Sequential<InputShape<3, 7, 8>, MaxPool2d<Pool2dOptions{.size = {5, 2}, .padding = {1, 0}}>, Flatten,
               Dense<24, 10>>;
