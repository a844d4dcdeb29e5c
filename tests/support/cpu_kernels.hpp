#pragma once
// Cpu's kernels without user-defined functors, compiled once in cpu_kernels.cpp, as in eigen_kernels.hpp.
// Only the precompiled header includes it: tests/cpu, tests/fast_math and tests/targets compile the kernels
// themselves.
#include "support/kernels.hpp"
#include <gantry/gantry.hpp>

namespace gantry {
GANTRY_ALL_KERNELS(extern, Cpu, float)
GANTRY_ALL_KERNELS(extern, Cpu, double)
}  // namespace gantry
