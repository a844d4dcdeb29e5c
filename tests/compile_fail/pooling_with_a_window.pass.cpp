#include <gantry/gantry.hpp>

using namespace gantry;
using Classifier =
    Sequential<InputShape<8, 8, 3>, MaxPool2d<Pool2dOptions{.size = 2, .stride = 2}>, Flatten, Dense<48, 10>>;
