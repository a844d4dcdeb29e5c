#pragma once
// clang-format off
// Matrix products. There are three variants:
//
//     matmul_plain     one thread per element: the reference, never chosen
//     matmul_tiled     tiles in shared memory with a fused epilogue: for small and thin products
//     matmul_cublas    cuBLAS, then a kernel for bias and activation: for all others
// clang-format on
//
// gantry/cuda/matmul_rule.hpp chooses between them. Products of many matrices are cuBLAS's.
#include "matmul_cublas.cuh"
#include "matmul_plain.cuh"
#include "matmul_tiled.cuh"
#include <gantry/cuda/launch.hpp>
#include <gantry/cuda/matmul_rule.hpp>

namespace gantry {

static_assert(cuda::narrow_columns == cuda::NarrowTile::columns);

template <class T>
void launch(Cuda& device, const contracts::MatmulParameters<T>& p) {
    const bool cublas = cuda::prefers_cublas(p);
    device.log()([&] { return cuda::describe(p) + (cublas ? ": cuBLAS" : ": tiled"); });
    if (cublas)
        cuda::matmul_cublas(device, p);
    else
        cuda::matmul_tiled(device, p);
}

template <class T>
void launch(Cuda& device, const contracts::BatchedMatmulParameters<T>& p) {
    cuda::matmul_cublas_batched(device, p);
}

}  // namespace gantry
