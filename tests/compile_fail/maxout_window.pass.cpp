#include <gantry/gantry.hpp>

using namespace gantry;
using Critic = Sequential<InputShape<8, 8, 3>, Maxout<Conv2d<3, 16, Conv2dOptions{.size = 8}>, 2>, Flatten,
                          Dense<16, 1>>;
