// expect: the pieces of a Maxout are Dense or Conv2d layers
// expect: MaxoutTakesLayer<gantry::
// max-errors: 1
// trains: Critic
#include <gantry/gantry.hpp>

using namespace gantry;
using Critic = Sequential<Dense<12, 8>, Maxout<ReLU, 2>, Dense<8, 1>>;
