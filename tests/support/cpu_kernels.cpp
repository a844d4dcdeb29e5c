#include "support/cpu_kernels.hpp"

namespace gantry {
GANTRY_ALL_KERNELS(, Cpu, float)
GANTRY_ALL_KERNELS(, Cpu, double)
}  // namespace gantry
