#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<InputShape<8, 8, 3>, Maxout<Conv2d<3, 16, Conv2dOptions{.size = 4}>, 2>,
                             Conv2d<16, 3, Conv2dOptions{.size = 1}>>;
