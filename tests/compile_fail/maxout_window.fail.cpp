// expect: the window of a layer is larger than its input image
// expect: LayerFitsWindow<1, gantry::Conv2d<3, 16[^;]*>, 8, 8, 9, 9>
// max-errors: 1
// trains: Critic
#include <gantry/gantry.hpp>

using namespace gantry;
using Critic = Sequential<InputShape<8, 8, 3>, Maxout<Conv2d<3, 16, Conv2dOptions{.size = 9}>, 2>, Flatten,
                          Dense<16, 1>>;
