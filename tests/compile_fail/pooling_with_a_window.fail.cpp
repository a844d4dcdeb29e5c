// expect: a pooling layer takes one Pool2dOptions: MaxPool2d<Pool2dOptions
// max-errors: 1
// trains: Classifier
#include <gantry/gantry.hpp>

using namespace gantry;
using Classifier =
    Sequential<InputShape<8, 8, 3>, MaxPool2d<Conv2dOptions{.size = 2, .stride = 2}>, Flatten, Dense<48, 10>>;
