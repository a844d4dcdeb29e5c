// expect: the pieces of a Maxout are Dense or Conv2d layers
// expect: MaxoutTakesLayer<gantry::ConvTranspose2d<3, 16[^;]*>
// max-errors: 1
// trains: Generator
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<InputShape<8, 8, 3>, Maxout<ConvTranspose2d<3, 16, Conv2dOptions{.size = 4}>, 2>,
                             Conv2d<16, 3, Conv2dOptions{.size = 1}>>;
