#pragma once
#include <gantry/contracts/matmul.hpp>

#include <string>

namespace gantry::cuda {

// Which of the kernels in kernels/matmul.cuh computes a product. The rule is an estimate, made without a GPU;
// bench/gpu/calibrate.cpp measures what it costs and which threshold would be best.
//
// Suppose that matmul_tiled reaches 45 % of an H100's 67 TFLOP/s and cuBLAS 85 %, and that the second pass
// costs 5 us, its launch included. Then the tiled kernel loses 1.6e-14 s with each floating-point operation,
// and its 5 us last for 3e8 of them, about 2^28. Without a second pass there is little to win, small products
// being bound by their launch: up to 2^24. A result of at most 8 columns is bound by memory, and reads its
// operands once either way.

/// Columns of a result that is bound by memory: matmul_tiled's NarrowTile.
inline constexpr int narrow_columns = 8;
/// Operations up to which matmul_tiled is faster, without and with a second pass.
inline constexpr double tiled_operations = 0x1p24, tiled_operations_with_pass = 0x1p28;

template <class T>
double operations(const MatmulParameters<T>& p) {
    return 2.0 * p.rows * p.columns * p.inner;
}
/// Whether cuBLAS leaves bias or activation to a pass of their own.
template <class T>
bool needs_second_pass(const MatmulParameters<T>& p) {
    return p.bias || p.activation.kind != ActivationKind::identity;
}

/// "product (128, 1200) x (1200, 784), A^T, B^T": extents of the factors as they are multiplied, and which of
/// them lie transposed.
template <class T>
std::string describe(const MatmulParameters<T>& p) {
    const std::string inner = std::to_string(p.inner);
    return "product (" + std::to_string(p.rows) + ", " + inner + ") x (" + inner + ", " +
           std::to_string(p.columns) + ")" + (p.transpose_a ? ", A^T" : "") + (p.transpose_b ? ", B^T" : "");
}

template <class T>
bool prefers_cublas(const MatmulParameters<T>& p) {
    return p.columns > narrow_columns &&
           operations(p) > (needs_second_pass(p) ? tiled_operations_with_pass : tiled_operations);
}

}  // namespace gantry::cuda
