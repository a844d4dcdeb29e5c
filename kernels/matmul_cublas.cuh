#pragma once
#include "bias_activation.cuh"
#include "launch.cuh"
#include <gantry/contracts/matmul.hpp>

#include <algorithm>

namespace gantry::cuda {

inline cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m,
                           int n, int k, float alpha, const float* a, int lda, const float* b, int ldb,
                           float beta, float* c, int ldc) {
    return cublasSgemm(handle, op_a, op_b, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc);
}
inline cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m,
                           int n, int k, double alpha, const double* a, int lda, const double* b, int ldb,
                           double beta, double* c, int ldc) {
    return cublasDgemm(handle, op_a, op_b, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc);
}

/// Product by cuBLAS. Its matrices are column-major, so it sees C as C^T, and C^T = op(B)^T op(A)^T. A
/// separate kernel applies bias and activation to C.
template <class T>
void matmul_cublas(Cuda& device, const contracts::MatmulParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const int line_a = std::max(p.transpose_a ? p.rows : p.inner, 1),
              line_b = std::max(p.transpose_b ? p.inner : p.columns, 1);
    check(gemm(device.cublas(), p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
               p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, p.columns, p.rows, p.inner, T{1}, p.b, line_b, p.a,
               line_a, p.accumulate ? T{1} : T{0}, p.c, p.columns),
          "cublasGemm");
    add_bias_and_activate(device, p.c, p.rows, p.columns, p.bias, p.activation);
}

}  // namespace gantry::cuda
