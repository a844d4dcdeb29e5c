#include <gantry/core/shape.hpp>

constexpr int rank = gantry::Shape<gantry::Batch, 28>::rank;
