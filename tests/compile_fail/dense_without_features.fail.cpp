// expect: a Dense layer has inputs and outputs
// max-errors: 1
// trains: Generator
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 4>, ReLU, Dense<4, 0>>;
