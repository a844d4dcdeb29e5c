// Instantiates the one kernel without a contract, for kernels.cpp.
#include "transpose.hpp"
#include <gantry/kernels/transpose.cuh>

namespace gantry::bench {

void transpose(Cuda& device, const float* from, float* to, int rows, int columns) {
    cuda::transpose(device, from, to, rows, columns);
}

}  // namespace gantry::bench
