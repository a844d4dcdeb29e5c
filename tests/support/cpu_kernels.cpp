#include "support/cpu_kernels.hpp"

namespace gantry {
GANTRY_KERNELS(, Cpu, float)
GANTRY_KERNELS(, Cpu, double)
}  // namespace gantry
