#include "support/eigen_kernels.hpp"

namespace gantry {
GANTRY_KERNELS(, EigenCpu, float)
GANTRY_KERNELS(, EigenCpu, double)
}  // namespace gantry
