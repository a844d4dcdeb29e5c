// expect: Batch is the first extent of a shape, or none
// max-errors: 1
#include <gantry/core/shape.hpp>

static_assert(gantry::Shape<28, gantry::Batch>::rank == 2);
