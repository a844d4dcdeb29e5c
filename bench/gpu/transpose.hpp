#pragma once
#include <gantry/cuda/device.hpp>

namespace gantry::bench {

/// to (columns, rows) = transpose of from (rows, columns).
void transpose(Cuda& device, const float* from, float* to, int rows, int columns);

}  // namespace gantry::bench
