#pragma once
#include <gantry/core/compiler.hpp>

/// Before a function that kernels call as well as the host: `GANTRY_HOST_DEVICE V operator()(V x) const`. It
/// says so to nvcc, and nothing to other compilers.
#ifdef __CUDACC__
#define GANTRY_HOST_DEVICE __host__ __device__
#else
#define GANTRY_HOST_DEVICE
#endif
