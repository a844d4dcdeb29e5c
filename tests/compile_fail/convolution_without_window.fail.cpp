// expect: a convolution takes one Window after its channels: Conv2d<3, 64, Window
// max-errors: 1
// trains: Critic
#include <gantry/gantry.hpp>

using namespace gantry;
using Critic = Sequential<InputShape<8, 8, 3>, Maxout<Conv2d<3, 16, 4, 2, 1>, 2>, Flatten, Dense<256, 1>>;
