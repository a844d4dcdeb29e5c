#include <gantry/core/shape.hpp>

static_assert(gantry::Shape<gantry::Batch, 28>::rank == 2);
