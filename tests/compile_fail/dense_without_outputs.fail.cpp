// expect: a Dense layer must have at least one input and one output: Dense<inputs, outputs>
// max-errors: 1
// trains: Generator
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8>, ReLU, Dense<4, 2>>;
