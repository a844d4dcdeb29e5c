// expect: the factors of an upsampling must be positive
// max-errors: 1
// trains: Generator
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<InputShape<2, 2, 3>, Upsample<0>>;
