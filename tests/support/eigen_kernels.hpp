#pragma once
// EigenCpu's kernels without user-defined functors are compiled once for all tests, optimised, in
// eigen_kernels.cpp. Without this, each test file would take 10 s more to compile, for slower kernels.
#include "support/kernels.hpp"
#include <gantry/eigen/eigen.hpp>

#ifndef GANTRY_TEST_MUTANT  // mutation tests recompile single tests, with the few kernels that each calls
namespace gantry {
GANTRY_ALL_KERNELS(extern, EigenCpu, float)
GANTRY_ALL_KERNELS(extern, EigenCpu, double)
}  // namespace gantry
#endif
