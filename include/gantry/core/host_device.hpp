#pragma once
#include <gantry/core/compiler.hpp>

/// Marks a function that both kernels and host code call: `GANTRY_HOST_DEVICE V operator()(V x) const`.
/// `__host__ __device__` under nvcc, empty for other compilers.
#ifdef __CUDACC__
#define GANTRY_HOST_DEVICE __host__ __device__
#else
#define GANTRY_HOST_DEVICE
#endif
