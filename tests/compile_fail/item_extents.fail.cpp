// expect: take the extents of an item, from 1 to 3 and without Batch
// max-errors: 1
// trains: Generator
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 12>, Reshape<Batch, 2, 2, 3>>;
