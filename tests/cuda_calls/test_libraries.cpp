// The emulated cuBLAS's response to wrong calls: the real library's status, with nothing launched.
#include "cuda/placed.hpp"
#include "cuda_emulator/counts.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <cstddef>
#include <functional>
#include <vector>

#include <cublas_v2.h>

namespace gantry::test {
namespace {

/// A call of cublasSgemm: C (5, 7) = op(A) op(B), all column-major, whose arguments a test may corrupt.
struct Gemm {
    Cuda device;
    Placed<float, Cuda> in_a{device, random_numbers<float>(15, "a")},
        in_b{device, random_numbers<float>(21, "b")}, out{device, random_numbers<float>(35, "c")};
    cublasHandle_t handle = device.cublas();
    cublasOperation_t op_a = CUBLAS_OP_N, op_b = CUBLAS_OP_N;
    int m = 5, n = 7, k = 3, lda = 5, ldb = 3, ldc = 5;
    float one = 1, zero = 0;
    const float *alpha = &one, *beta = &zero, *a = in_a.data(), *b = in_b.data();
    float* c = out.data();

    cublasStatus_t call() {
        return cublasSgemm(handle, op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    }
};
cublasStatus_t answer(const std::function<void(Gemm&)>& spoil) {
    Gemm gemm;
    cuda_emulator::reset_counts();
    spoil(gemm);
    const cublasStatus_t status = gemm.call();
    gemm.device.synchronize();
    if (status != CUBLAS_STATUS_SUCCESS) CHECK(cuda_emulator::counts().library_calls.empty());
    return status;
}

}  // namespace

TEST_CASE("cuda: cuBLAS rejects products with mismatched arguments", "[cuda]") {
    CHECK(answer([](Gemm&) {}) == CUBLAS_STATUS_SUCCESS);
    CHECK(answer([](Gemm& g) { g.handle = nullptr; }) == CUBLAS_STATUS_NOT_INITIALIZED);
    const std::vector<std::function<void(Gemm&)>> wrong = {
        [](Gemm& g) { g.m = -1; },
        [](Gemm& g) { g.k = -1; },
        [](Gemm& g) { g.op_a = static_cast<cublasOperation_t>(3); },
        [](Gemm& g) { g.lda = 4; },  // a column of A has 5 rows
        [](Gemm& g) { g.ldb = 2; },
        [](Gemm& g) { g.ldc = 4; },
        [](Gemm& g) { g.op_b = CUBLAS_OP_T; },  // then a column of B has 7 rows
        [](Gemm& g) { g.alpha = nullptr; },
        [](Gemm& g) { g.beta = nullptr; },
        [](Gemm& g) { g.a = nullptr; },
        [](Gemm& g) { g.c = nullptr; },
    };
    for (const auto& spoil : wrong) CHECK(answer(spoil) == CUBLAS_STATUS_INVALID_VALUE);
}

TEST_CASE("cuda: cuBLAS adds alpha times a product to beta times C", "[cuda]") {
    Gemm g;
    const std::vector<float> a = g.in_a.to_host(), b = g.in_b.to_host(), before = g.out.to_host();
    const float two = 2, half = 0.5f;
    g.alpha = &two;
    g.beta = &half;
    REQUIRE(g.call() == CUBLAS_STATUS_SUCCESS);
    std::vector<double> expected;
    for (std::size_t column = 0; column < 7; ++column)
        for (std::size_t row = 0; row < 5; ++row) {
            double sum = 0.25 * before[column * 5 + row];
            for (std::size_t i = 0; i < 3; ++i) sum += double(a[i * 5 + row]) * b[column * 3 + i];
            expected.push_back(2 * sum);
        }
    CHECK(largest_error(g.out.to_host(), expected) < 1e-6);
}

TEST_CASE("cuda: cuBLAS's other calls check their arguments", "[cuda]") {
    Cuda device;
    CHECK(cublasCreate(nullptr) == CUBLAS_STATUS_INVALID_VALUE);
    CHECK(cublasDestroy(nullptr) == CUBLAS_STATUS_NOT_INITIALIZED);
    CHECK(cublasSetStream(nullptr, device.stream()) == CUBLAS_STATUS_NOT_INITIALIZED);
    CHECK(cublasSetMathMode(nullptr, CUBLAS_PEDANTIC_MATH) == CUBLAS_STATUS_NOT_INITIALIZED);
    CHECK(cublasSetWorkspace(nullptr, nullptr, 0) == CUBLAS_STATUS_NOT_INITIALIZED);
    char* const odd = static_cast<char*>(device.workspace(1024)) + 16;
    CHECK(cublasSetWorkspace(device.cublas(), odd, 1024) == CUBLAS_STATUS_INVALID_VALUE);
    CHECK(std::string(cublasGetStatusName(CUBLAS_STATUS_ALLOC_FAILED)) == "CUBLAS_STATUS_ALLOC_FAILED");
}

}  // namespace gantry::test
