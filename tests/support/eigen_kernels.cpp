#include "support/eigen_kernels.hpp"

namespace gantry {
GANTRY_EIGEN_KERNELS(, float)
GANTRY_EIGEN_KERNELS(, double)
}  // namespace gantry
