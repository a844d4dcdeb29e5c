// expect: take the 1 to 3 extents of a sample, without Batch
// max-errors: 1
// trains: Generator
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 12>, Reshape<Batch, 2, 2, 3>>;
