#pragma once
#include "bias_activation.cuh"
#include "launch.cuh"
#include <gantry/contracts/matmul.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>

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

inline cublasStatus_t gemm_batched(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                                   int m, int n, int k, float alpha, const float* a, int lda,
                                   long long stride_a, const float* b, int ldb, long long stride_b,
                                   float beta, float* c, int ldc, long long stride_c, int batches) {
    return cublasSgemmStridedBatched(handle, op_a, op_b, m, n, k, &alpha, a, lda, stride_a, b, ldb, stride_b,
                                     &beta, c, ldc, stride_c, batches);
}
inline cublasStatus_t gemm_batched(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                                   int m, int n, int k, double alpha, const double* a, int lda,
                                   long long stride_a, const double* b, int ldb, long long stride_b,
                                   double beta, double* c, int ldc, long long stride_c, int batches) {
    return cublasDgemmStridedBatched(handle, op_a, op_b, m, n, k, &alpha, a, lda, stride_a, b, ldb, stride_b,
                                     &beta, c, ldc, stride_c, batches);
}

/// The operands as cuBLAS sees them. Its matrices are column-major, so C is C^T, and C^T = op(B)^T op(A)^T.
template <class T>
struct CublasProduct {
    cublasOperation_t op_a, op_b;
    int line_a, line_b;  ///< leading dimensions
    T beta;

    explicit CublasProduct(const contracts::MatmulParameters<T>& p)
        : op_a(p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N),
          op_b(p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N),
          line_a(std::max(p.transpose_a ? p.rows : p.inner, 1)),
          line_b(std::max(p.transpose_b ? p.inner : p.columns, 1)),
          beta(p.accumulate ? T{1} : T{0}) {}
};

/// Product by cuBLAS. A separate kernel applies bias and activation to C.
template <class T>
void matmul_cublas(Cuda& device, const contracts::MatmulParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const CublasProduct<T> q(p);
    check(gemm(device.cublas(), q.op_b, q.op_a, p.columns, p.rows, p.inner, T{1}, p.b, q.line_b, p.a,
               q.line_a, q.beta, p.c, p.columns),
          "cublasGemm");
    add_bias_and_activate(device, p.c, p.rows, p.columns, p.bias, p.activation);
}

/// Products of many matrices by cuBLAS, in one launch (one for each 2^31 matrices).
template <class T>
void matmul_cublas_batched(Cuda& device, const contracts::BatchedMatmulParameters<T>& p) {
    const auto& first = p.first;
    if (first.rows == 0 || first.columns == 0) return;
    const CublasProduct<T> q(first);
    constexpr std::size_t most = std::numeric_limits<int>::max();
    for (std::size_t done = 0; done < p.batches; done += most) {
        const auto part = p.product(done);
        const auto size = [](int a, int b) { return static_cast<long long>(a) * b; };
        check(gemm_batched(device.cublas(), q.op_b, q.op_a, part.columns, part.rows, part.inner, T{1}, part.b,
                           q.line_b, size(part.inner, part.columns), part.a, q.line_a,
                           size(part.rows, part.inner), q.beta, part.c, part.columns,
                           size(part.rows, part.columns), static_cast<int>(std::min(most, p.batches - done))),
              "cublasGemmStridedBatched");
    }
}

}  // namespace gantry::cuda
