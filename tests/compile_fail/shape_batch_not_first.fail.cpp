// expect: Batch is the first extent of a shape, or none
// max-errors: 1
#include <gantry/core/shape.hpp>

constexpr int rank = gantry::Shape<28, gantry::Batch>::rank;
