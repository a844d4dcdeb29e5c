// expect: Batch can only be the first extent of a shape
// max-errors: 1
#include <gantry/core/shape.hpp>

static_assert(gantry::Shape<28, gantry::Batch>::rank == 2);
