#pragma once
#include <gantry/contracts/matmul.hpp>
#include <gantry/ops/activation.hpp>

#include <string>

namespace gantry::cuda {

// Selects the kernel for a matrix product: matmul_tiled of kernels/matmul.cuh, or cuBLAS. The rule is an
// estimate, made without a GPU; bench/gpu/calibrate.cpp measures its cost and the best threshold.
//
// Assume that matmul_tiled reaches 45 % of an H100's 67 TFLOP/s and cuBLAS 85 %, and that a second pass costs
// 5 us including its launch. Then the tiled kernel loses 1.6e-14 s per floating-point operation, and saving 5
// us pays for 3e8 of them, about 2^28. Without a second pass there is little to gain, since small products
// are bound by their launch: up to 2^24. A result of at most 8 columns is memory-bound, and either kernel
// reads its operands once.

/// Maximum columns of a memory-bound result: matmul_tiled's NarrowTile.
inline constexpr int narrow_columns = 8;
/// Operations up to which matmul_tiled is faster, without and with a second pass.
inline constexpr double tiled_operations = 0x1p24, tiled_operations_with_pass = 0x1p28;

/// Floating-point operations of a product, 2 per multiply-add.
template <class T>
double operations(const contracts::MatmulParameters<T>& p) {
    return 2.0 * p.rows * p.columns * p.inner;
}
/// True if bias or activation would need a separate pass after cuBLAS.
template <class T>
bool needs_second_pass(const contracts::MatmulParameters<T>& p) {
    return p.bias || p.activation.kind != contracts::ActivationKind::identity;
}

/// Describes a product for the log: "product (128, 1200) x (1200, 784), A^T, B^T" gives the extents of the
/// factors as multiplied, and which of them are stored transposed.
template <class T>
std::string describe(const contracts::MatmulParameters<T>& p) {
    const std::string inner = std::to_string(p.inner);
    return "product (" + std::to_string(p.rows) + ", " + inner + ") x (" + inner + ", " +
           std::to_string(p.columns) + ")" + (p.transpose_a ? ", A^T" : "") + (p.transpose_b ? ", B^T" : "");
}

/// True if cuBLAS computes the product.
template <class T>
bool prefers_cublas(const contracts::MatmulParameters<T>& p) {
    return p.columns > narrow_columns &&
           operations(p) > (needs_second_pass(p) ? tiled_operations_with_pass : tiled_operations);
}

}  // namespace gantry::cuda
