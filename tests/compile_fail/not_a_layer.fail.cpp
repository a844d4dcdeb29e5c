// expect: a Sequential takes layers as types
// expect: SequentialTakesLayers<1, gantry::ReLU ?\(\)>
// max-errors: 1
// trains: Generator
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 4>, ReLU(), Dense<4, 2>>;
