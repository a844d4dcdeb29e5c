// expect: a convolution takes one Conv2dOptions after its channels: Conv2d<3, 64, Conv2dOptions
// max-errors: 1
// trains: Critic
#include <gantry/gantry.hpp>

using namespace gantry;
using Critic = Sequential<InputShape<8, 8, 3>, Maxout<Conv2d<3, 16, 4, 2, 1>, 2>, Flatten, Dense<256, 1>>;
