// Emulates the cuBLAS calls that gantry makes: checks arguments in the order of NVIDIA's documentation,
// returns the real status codes, and computes products in double.
#include "library_call.hpp"
#include "library_objects.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <cublas_v2.h>

struct cublasContext {
    int gpu = cuda_emulator::current_gpu();
    cudaStream_t stream = nullptr;
    cublasMath_t math = CUBLAS_DEFAULT_MATH;
};

namespace cuda_emulator {
namespace {

Objects<cublasContext> handles;

/// Column-major matrices (rows, columns) with leading dimension `leading`, as in cuBLAS, which follow one
/// another: matrix i is at data + i * leading * columns.
template <class T>
struct Matrix {
    T* data;
    int rows, columns, leading;
    int count = 1;

    std::size_t stride() const {
        return static_cast<std::size_t>(leading) * static_cast<std::size_t>(columns);
    }
    T& operator()(int index, int row, int column) const {
        return data[static_cast<std::size_t>(index) * stride() +
                    static_cast<std::size_t>(column) * static_cast<std::size_t>(leading) +
                    static_cast<std::size_t>(row)];
    }
    Range range() const {
        if (rows == 0 || columns == 0) return {};
        return {data, static_cast<std::size_t>(rows) * sizeof(T),
                static_cast<std::size_t>(columns) * static_cast<std::size_t>(count),
                static_cast<std::size_t>(leading) * sizeof(T)};
    }
};

/// The distances between the matrices of a batch.
struct Batch {
    int count = 1;
    long long stride_a = 0, stride_b = 0, stride_c = 0;
};

template <class T>
cublasStatus_t gemm(const char* name, cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                    int m, int n, int k, const T* alpha, const T* a, int lda, const T* b, int ldb,
                    const T* beta, T* c, int ldc, const Batch& batch = {}) {
    const auto is_operation = [](cublasOperation_t op) { return op >= CUBLAS_OP_N && op <= CUBLAS_OP_C; };
    if (!handles.has(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
    if (m < 0 || n < 0 || k < 0 || batch.count < 0 || !is_operation(op_a) || !is_operation(op_b))
        return CUBLAS_STATUS_INVALID_VALUE;
    const bool ta = op_a != CUBLAS_OP_N, tb = op_b != CUBLAS_OP_N;
    const Matrix<const T> in_a{a, ta ? k : m, ta ? m : k, lda, batch.count},
        in_b{b, tb ? n : k, tb ? k : n, ldb, batch.count};
    const Matrix<T> out{c, m, n, ldc, batch.count};
    if (lda < std::max(1, in_a.rows) || ldb < std::max(1, in_b.rows) || ldc < std::max(1, m) || !alpha ||
        !beta)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (m == 0 || n == 0 || batch.count == 0) return CUBLAS_STATUS_SUCCESS;
    // cuBLAS allows other distances; gantry does not use them.
    const auto adjacent = [&](const auto& matrix, long long stride) {
        return batch.count == 1 || stride == static_cast<long long>(matrix.stride());
    };
    if (!adjacent(in_a, batch.stride_a) || !adjacent(in_b, batch.stride_b) || !adjacent(out, batch.stride_c))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (!c || (k > 0 && (!a || !b))) return CUBLAS_STATUS_INVALID_VALUE;

    if (handle->gpu != current_gpu()) return CUBLAS_STATUS_EXECUTION_FAILED;
    const std::array<Range, 3> reads{in_a.range(), in_b.range(), *beta != 0 ? out.range() : Range{}};
    const std::array<Range, 1> writes{out.range()};
    // The only mode that may compute with fewer mantissa bits than float has.
    const bool tf32 = handle->math == CUBLAS_TF32_TENSOR_OP_MATH;
    const auto work = [=, alpha = *alpha, beta = *beta] {
        for (int index = 0; index < batch.count; ++index)
            for (int column = 0; column < n; ++column)
                for (int row = 0; row < m; ++row) {
                    double sum = 0;
                    for (int i = 0; i < k; ++i) {
                        const T x = ta ? in_a(index, i, row) : in_a(index, row, i),
                                y = tb ? in_b(index, column, i) : in_b(index, i, column);
                        sum +=
                            tf32 ? to_tf32(x) * to_tf32(y) : static_cast<double>(x) * static_cast<double>(y);
                    }
                    T& result = out(index, row, column);
                    const double before =
                        beta != 0 ? static_cast<double>(beta) * static_cast<double>(result) : 0;
                    result = static_cast<T>(static_cast<double>(alpha) * sum + before);
                }
    };
    return library_call(name, handle->stream, reads, writes, work) ? CUBLAS_STATUS_SUCCESS
                                                                   : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // namespace

std::size_t living_cublas_objects() { return handles.size(); }

}  // namespace cuda_emulator

using cuda_emulator::handles;
using cuda_emulator::library_host_call;

extern "C" {

cublasStatus_t cublasGetProperty(libraryPropertyType type, int* value) {
    if (!value || type < MAJOR_VERSION || type > PATCH_LEVEL) return CUBLAS_STATUS_INVALID_VALUE;
    *value = std::array{13, 1, 2}[type];
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
    if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
    if (!library_host_call("cublasCreate")) return CUBLAS_STATUS_ALLOC_FAILED;
    *handle = handles.create();
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
    if (!handles.has(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
    if (handle->gpu != cuda_emulator::current_gpu()) return CUBLAS_STATUS_INTERNAL_ERROR;
    handles.destroy(handle);
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
    if (!handles.has(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
    handle->stream = stream;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t) {
    if (!handles.has(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
    return reinterpret_cast<std::uintptr_t>(workspace) % 256 == 0 ? CUBLAS_STATUS_SUCCESS
                                                                  : CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
    if (!handles.has(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
    if (mode < CUBLAS_DEFAULT_MATH || mode > CUBLAS_TF32_TENSOR_OP_MATH) return CUBLAS_STATUS_INVALID_VALUE;
    handle->math = mode;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* mode) {
    if (!handles.has(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
    if (!mode) return CUBLAS_STATUS_INVALID_VALUE;
    *mode = handle->math;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSgemm_v2(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m,
                              int n, int k, const float* alpha, const float* a, int lda, const float* b,
                              int ldb, const float* beta, float* c, int ldc) {
    return cuda_emulator::gemm("cublasSgemm", handle, op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c,
                               ldc);
}
cublasStatus_t cublasDgemm_v2(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m,
                              int n, int k, const double* alpha, const double* a, int lda, const double* b,
                              int ldb, const double* beta, double* c, int ldc) {
    return cuda_emulator::gemm("cublasDgemm", handle, op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c,
                               ldc);
}
cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t handle, cublasOperation_t op_a,
                                         cublasOperation_t op_b, int m, int n, int k, const float* alpha,
                                         const float* a, int lda, long long stride_a, const float* b, int ldb,
                                         long long stride_b, const float* beta, float* c, int ldc,
                                         long long stride_c, int count) {
    return cuda_emulator::gemm("cublasSgemmStridedBatched", handle, op_a, op_b, m, n, k, alpha, a, lda, b,
                               ldb, beta, c, ldc, {count, stride_a, stride_b, stride_c});
}
cublasStatus_t cublasDgemmStridedBatched(cublasHandle_t handle, cublasOperation_t op_a,
                                         cublasOperation_t op_b, int m, int n, int k, const double* alpha,
                                         const double* a, int lda, long long stride_a, const double* b,
                                         int ldb, long long stride_b, const double* beta, double* c, int ldc,
                                         long long stride_c, int count) {
    return cuda_emulator::gemm("cublasDgemmStridedBatched", handle, op_a, op_b, m, n, k, alpha, a, lda, b,
                               ldb, beta, c, ldc, {count, stride_a, stride_b, stride_c});
}
}
