#pragma once
#include "launch.cuh"

namespace gantry::cuda {

// Reductions over threads, always in the same order. All threads must take part.

inline constexpr int warp_threads = 32;

/// Reduces the values of the 32 threads of a warp by combine(a, b), which must be commutative. All threads
/// get the result.
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

/// Sum of one value per warp over the block, returned to all threads. All threads of a warp pass the same
/// value; `shared` is shared memory for one value per warp.
template <class T>
__device__ T sum_of_warps(T of_warp, T* shared) {
    if (threadIdx.x % warp_threads == 0) shared[threadIdx.x / warp_threads] = of_warp;
    __syncthreads();
    T sum = 0;
    for (unsigned warp = 0; warp < blockDim.x / warp_threads; ++warp) sum += shared[warp];
    return sum;
}

}  // namespace gantry::cuda
