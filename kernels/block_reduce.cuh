#pragma once
#include "launch.cuh"

namespace gantry::cuda {

// Sums and maxima over threads, always in the same order. All threads must take part.

inline constexpr int warp_threads = 32;

/// combine(a, b) of all 32 numbers of a warp, in every thread of it. `combine` does not mind the order of its
/// two arguments.
template <class T, class Combine>
__device__ T warp_combine(T mine, const Combine& combine) {
    for (int distance = warp_threads / 2; distance > 0; distance /= 2)
        mine = combine(mine, __shfl_xor_sync(0xffffffffu, mine, distance));
    return mine;
}
template <class T>
__device__ T warp_sum(T mine) {
    return warp_combine(mine, [](T a, T b) { return a + b; });
}

/// The sum of what the warps of a block have, in all threads. All threads of a warp bring the same number;
/// `shared` is shared memory for one number a warp.
template <class T>
__device__ T sum_of_warps(T of_warp, T* shared) {
    if (threadIdx.x % warp_threads == 0) shared[threadIdx.x / warp_threads] = of_warp;
    __syncthreads();
    T sum = 0;
    for (unsigned warp = 0; warp < blockDim.x / warp_threads; ++warp) sum += shared[warp];
    return sum;
}

}  // namespace gantry::cuda
