#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 12>, Reshape<2, 2, 3>>;
