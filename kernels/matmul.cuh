#pragma once
// Products of matrices: a ladder of three, and the rule which of them is used.
//
//     matmul_plain     one thread, one element: the reference, never chosen
//     matmul_tiled     tiles in shared memory, everything in one pass: small and thin products
//     matmul_cublas    cuBLAS, then a pass for bias and activation: the others
//
// The rule is an estimate, made without a GPU. Suppose that matmul_tiled reaches 45 % of an H100's 67 TFLOP/s
// and cuBLAS 85 %, and that the second pass costs 5 us, its launch included. Then the tiled kernel loses
// 1.6e-14 s with each floating-point operation, and its 5 us last for 3e8 of them, about 2^28. Without a
// second pass there is little to win, small products being bound by their launch: up to 2^24. A result of at
// most 8 columns is bound by memory, and reads its operands once either way.
#include "matmul_cublas.cuh"
#include "matmul_plain.cuh"
#include "matmul_tiled.cuh"
#include <gantry/cuda/launch.hpp>

#include <string>

namespace gantry {

namespace cuda {
/// "product (128, 1200) x (1200, 784), A^T, B^T": extents of the factors as they are multiplied, and which of
/// them lie transposed.
template <class T>
std::string describe(const MatmulParameters<T>& p) {
    const std::string inner = std::to_string(p.inner);
    return "product (" + std::to_string(p.rows) + ", " + inner + ") x (" + inner + ", " +
           std::to_string(p.columns) + ")" + (p.transpose_a ? ", A^T" : "") + (p.transpose_b ? ", B^T" : "");
}
}  // namespace cuda

template <class T>
void launch(Cuda& device, const MatmulParameters<T>& p) {
    const double operations = 2.0 * p.rows * p.columns * p.inner;
    const bool second_pass = p.bias || p.activation.kind != ActivationKind::identity;
    const bool tiled =
        p.columns <= cuda::NarrowTile::columns || operations <= (second_pass ? 0x1p28 : 0x1p24);
    device.log()([&] { return cuda::describe(p) + (tiled ? ": tiled" : ": cuBLAS"); });
    if (tiled)
        cuda::matmul_tiled(device, p);
    else
        cuda::matmul_cublas(device, p);
}

}  // namespace gantry
