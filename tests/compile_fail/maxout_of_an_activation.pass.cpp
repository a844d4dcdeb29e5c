#include <gantry/gantry.hpp>

using namespace gantry;
using Critic = Sequential<Dense<12, 8>, Maxout<Dense<8, 8>, 2>, ReLU, Dense<8, 1>>;
