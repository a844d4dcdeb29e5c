#include "support/eigen_kernels.hpp"

namespace gantry {
GANTRY_ALL_KERNELS(, EigenCpu, float)
GANTRY_ALL_KERNELS(, EigenCpu, double)
}  // namespace gantry
