#pragma once
// Products of matrices: a ladder of three, and the rule which of them is used.
//
//     matmul_plain     one thread, one element: the reference, never chosen
//     matmul_tiled     tiles in shared memory, everything in one pass: small and thin products
//     matmul_cublas    cuBLAS, then a pass for bias and activation: the others
//
// Which of them is used: gantry/cuda/matmul_rule.hpp.
#include "matmul_cublas.cuh"
#include "matmul_plain.cuh"
#include "matmul_tiled.cuh"
#include <gantry/cuda/launch.hpp>
#include <gantry/cuda/matmul_rule.hpp>

namespace gantry {

static_assert(cuda::narrow_columns == cuda::NarrowTile::columns);

template <class T>
void launch(Cuda& device, const MatmulParameters<T>& p) {
    const bool cublas = cuda::prefers_cublas(p);
    device.log()([&] { return cuda::describe(p) + (cublas ? ": cuBLAS" : ": tiled"); });
    if (cublas)
        cuda::matmul_cublas(device, p);
    else
        cuda::matmul_tiled(device, p);
}

}  // namespace gantry
