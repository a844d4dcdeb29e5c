#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 4>, ReLU, Dense<4, 2>>;
