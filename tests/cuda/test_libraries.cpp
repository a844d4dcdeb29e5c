// What the emulator's cuBLAS and cuDNN answer to wrong calls: the status of the real libraries, and nothing
// is started.
#include "cuda/placed.hpp"
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/faults.hpp"
#include "cuda_emulator/library_objects.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <cstddef>
#include <functional>
#include <vector>

#include <cublas_v2.h>
#include <cudnn.h>

namespace gantry::test {
namespace {

/// A call of cublasSgemm: C (5, 7) = op(A) op(B), whose arguments a test may spoil. C, A and B are columns.
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

/// A convolution as cuDNN sees it, all three directions of it: x (2, 6, 5, 3), w (4, 3, 3, 3), stride 2,
/// padding 1.
struct Library {
    Cuda device;
    cuda::CudnnTensor x, y;
    cuda::CudnnFilter w;
    cuda::CudnnConvolution convolution;
    Placed<float, Cuda> at_x{device, random_numbers<float>(2 * 6 * 5 * 3, "x")},
        at_y{device, random_numbers<float>(2 * 3 * 3 * 4, "y")},
        at_w{device, random_numbers<float>(4 * 3 * 3 * 3, "w")}, workspace{device, std::vector<float>(4096)};
    cudnnHandle_t handle = device.cudnn();
    const void *x_data = at_x.data(), *y_data = at_y.data(), *w_data = at_w.data();
    void* scratch = workspace.data();
    std::size_t scratch_bytes = 4096 * sizeof(float);
    float one = 1, zero = 0;
    const float *alpha = &one, *beta = &zero;

    Library() {
        REQUIRE(set_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 3, 6) == CUDNN_STATUS_SUCCESS);
        REQUIRE(set_y(CUDNN_DATA_FLOAT, 2, 4, 3) == CUDNN_STATUS_SUCCESS);
        REQUIRE(set_w(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 4, 3) == CUDNN_STATUS_SUCCESS);
        REQUIRE(set_convolution(1, 2, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT) == CUDNN_STATUS_SUCCESS);
        REQUIRE(cudnnSetConvolutionMathType(convolution.get(), CUDNN_FMA_MATH) == CUDNN_STATUS_SUCCESS);
    }
    cudnnStatus_t set_x(cudnnTensorFormat_t format, cudnnDataType_t type, int channels, int height) {
        return cudnnSetTensor4dDescriptor(x.get(), format, type, 2, channels, height, 5);
    }
    cudnnStatus_t set_y(cudnnDataType_t type, int batch, int channels, int height) {
        return cudnnSetTensor4dDescriptor(y.get(), CUDNN_TENSOR_NHWC, type, batch, channels, height, 3);
    }
    cudnnStatus_t set_w(cudnnTensorFormat_t format, cudnnDataType_t type, int out, int in) {
        return cudnnSetFilter4dDescriptor(w.get(), type, format, out, in, 3, 3);
    }
    cudnnStatus_t set_convolution(int padding, int stride, int dilation, cudnnConvolutionMode_t mode,
                                  cudnnDataType_t type) {
        return cudnnSetConvolution2dDescriptor(convolution.get(), padding, padding, stride, stride, dilation,
                                               dilation, mode, type);
    }

    cudnnStatus_t forward(cudnnConvolutionFwdAlgo_t algorithm) {
        return cudnnConvolutionForward(handle, alpha, x.get(), x_data, w.get(), w_data, convolution.get(),
                                       algorithm, scratch, scratch_bytes, beta, y.get(),
                                       const_cast<void*>(y_data));
    }
    cudnnStatus_t backward_data(cudnnConvolutionBwdDataAlgo_t algorithm) {
        return cudnnConvolutionBackwardData(handle, alpha, w.get(), w_data, y.get(), y_data,
                                            convolution.get(), algorithm, scratch, scratch_bytes, beta,
                                            x.get(), const_cast<void*>(x_data));
    }
    cudnnStatus_t backward_filter(cudnnConvolutionBwdFilterAlgo_t algorithm) {
        return cudnnConvolutionBackwardFilter(handle, alpha, x.get(), x_data, y.get(), y_data,
                                              convolution.get(), algorithm, scratch, scratch_bytes, beta,
                                              w.get(), const_cast<void*>(w_data));
    }
};
/// The answer that all calls give to a convolution that was spoilt: those that compute, and with `choice`
/// those that choose.
cudnnStatus_t answer(const std::function<void(Library&)>& spoil, bool choice = true) {
    Library l;
    spoil(l);
    cuda_emulator::reset_counts();
    const cudnnStatus_t status = l.forward(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
    CHECK(l.backward_data(CUDNN_CONVOLUTION_BWD_DATA_ALGO_1) == status);
    CHECK(l.backward_filter(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1) == status);
    l.device.synchronize();
    CHECK(cuda_emulator::counts().library_calls.size() == (status == CUDNN_STATUS_SUCCESS ? 3 : 0));
    if (choice) {
        std::size_t bytes = 0;
        int found = 0;
        cudnnConvolutionFwdAlgoPerf_t forward[2];
        cudnnConvolutionBwdDataAlgoPerf_t data[2];
        cudnnConvolutionBwdFilterAlgoPerf_t filter[2];
        const auto [h, x, w, c, y] =
            std::tuple{l.handle, l.x.get(), l.w.get(), l.convolution.get(), l.y.get()};
        CHECK(cudnnGetConvolutionForwardAlgorithm_v7(h, x, w, c, y, 2, &found, forward) == status);
        CHECK(cudnnGetConvolutionBackwardDataAlgorithm_v7(h, w, y, c, x, 2, &found, data) == status);
        CHECK(cudnnGetConvolutionBackwardFilterAlgorithm_v7(h, x, y, c, w, 2, &found, filter) == status);
        CHECK(cudnnGetConvolutionForwardWorkspaceSize(h, x, w, c, y, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
                                                      &bytes) == status);
        CHECK(cudnnGetConvolutionBackwardDataWorkspaceSize(h, w, y, c, x, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
                                                           &bytes) == status);
        CHECK(cudnnGetConvolutionBackwardFilterWorkspaceSize(
                  h, x, y, c, w, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, &bytes) == status);
    }
    return status;
}

}  // namespace

TEST_CASE("cuda: cuBLAS refuses products that do not fit together", "[cuda]") {
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

TEST_CASE("cuda: cuBLAS's other calls check what they get", "[cuda]") {
    Cuda device;
    CHECK(cublasCreate(nullptr) == CUBLAS_STATUS_INVALID_VALUE);
    CHECK(cublasDestroy(nullptr) == CUBLAS_STATUS_NOT_INITIALIZED);
    CHECK(cublasSetStream(nullptr, device.stream()) == CUBLAS_STATUS_NOT_INITIALIZED);
    CHECK(cublasSetMathMode(nullptr, CUBLAS_PEDANTIC_MATH) == CUBLAS_STATUS_NOT_INITIALIZED);
    CHECK(cublasSetWorkspace(nullptr, nullptr, 0) == CUBLAS_STATUS_NOT_INITIALIZED);
    char* const odd = static_cast<char*>(device.workspace().data()) + 16;
    CHECK(cublasSetWorkspace(device.cublas(), odd, 1024) == CUBLAS_STATUS_INVALID_VALUE);
    CHECK(std::string(cublasGetStatusName(CUBLAS_STATUS_ALLOC_FAILED)) == "CUBLAS_STATUS_ALLOC_FAILED");
}

TEST_CASE("cuda: cuDNN refuses descriptors that do not fit together", "[cuda]") {
    CHECK(answer([](Library&) {}) == CUDNN_STATUS_SUCCESS);
    const std::vector<std::function<void(Library&)>> mismatched = {
        [](Library& l) { l.handle = nullptr; },
        [](Library& l) { l.set_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 4, 6); },   // filters have 3 channels
        [](Library& l) { l.set_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_DOUBLE, 3, 6); },  // filters are floats
        [](Library& l) { l.set_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 3, 7); },   // y would have 4 rows
        [](Library& l) { l.set_y(CUDNN_DATA_FLOAT, 3, 4, 3); },                   // another batch
        [](Library& l) { l.set_y(CUDNN_DATA_FLOAT, 2, 5, 3); },                   // 4 filters
        [](Library& l) { l.set_w(CUDNN_TENSOR_NHWC, CUDNN_DATA_DOUBLE, 4, 3); },  //
        [](Library& l) { l.set_convolution(0, 2, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT); },
    };
    for (const auto& spoil : mismatched) CHECK(answer(spoil) == CUDNN_STATUS_BAD_PARAM);
    const std::vector<std::function<void(Library&)>> not_supported = {
        [](Library& l) { l.set_x(CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 3, 6); },
        [](Library& l) { l.set_w(CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 4, 3); },
        [](Library& l) { l.set_convolution(1, 2, 1, CUDNN_CONVOLUTION, CUDNN_DATA_FLOAT); },
        [](Library& l) { l.set_convolution(1, 2, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_DOUBLE); },
    };
    for (const auto& spoil : not_supported) CHECK(answer(spoil) == CUDNN_STATUS_NOT_SUPPORTED);
}

TEST_CASE("cuda: cuDNN refuses null pointers and too small a workspace", "[cuda]") {
    const std::vector<std::function<void(Library&)>> wrong = {
        [](Library& l) { l.alpha = nullptr; },     [](Library& l) { l.beta = nullptr; },
        [](Library& l) { l.x_data = nullptr; },    [](Library& l) { l.y_data = nullptr; },
        [](Library& l) { l.w_data = nullptr; },    [](Library& l) { l.scratch = nullptr; },
        [](Library& l) { l.scratch_bytes = 100; },
    };
    for (const auto& spoil : wrong) CHECK(answer(spoil, false) == CUDNN_STATUS_BAD_PARAM);

    Library l;
    std::size_t bytes = 0;
    const auto precomputed = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
    REQUIRE(cudnnGetConvolutionForwardWorkspaceSize(l.handle, l.x.get(), l.w.get(), l.convolution.get(),
                                                    l.y.get(), precomputed, &bytes) == CUDNN_STATUS_SUCCESS);
    l.scratch_bytes = bytes;
    CHECK(l.forward(precomputed) == CUDNN_STATUS_SUCCESS);
    l.scratch_bytes = bytes - 1;
    CHECK(l.forward(precomputed) == CUDNN_STATUS_BAD_PARAM);
    CHECK(l.forward(CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD) == CUDNN_STATUS_NOT_SUPPORTED);
    CHECK(l.backward_data(CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT) == CUDNN_STATUS_NOT_SUPPORTED);
    CHECK(l.backward_filter(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3) == CUDNN_STATUS_NOT_SUPPORTED);
}

TEST_CASE("cuda: cuDNN's descriptors check what they get", "[cuda]") {
    Library l;
    CHECK(cudnnCreate(nullptr) == CUDNN_STATUS_BAD_PARAM);
    CHECK(cudnnDestroy(nullptr) == CUDNN_STATUS_SUCCESS);
    CHECK(cudnnSetStream(nullptr, nullptr) == CUDNN_STATUS_BAD_PARAM);
    CHECK(cudnnCreateTensorDescriptor(nullptr) == CUDNN_STATUS_BAD_PARAM);
    CHECK(cudnnDestroyTensorDescriptor(nullptr) == CUDNN_STATUS_SUCCESS);
    CHECK(l.set_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 0, 6) == CUDNN_STATUS_BAD_PARAM);
    CHECK(l.set_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 3, -1) == CUDNN_STATUS_BAD_PARAM);
    CHECK(l.set_x(static_cast<cudnnTensorFormat_t>(3), CUDNN_DATA_FLOAT, 3, 6) == CUDNN_STATUS_BAD_PARAM);
    CHECK(l.set_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1 << 15, 1 << 15) == CUDNN_STATUS_NOT_SUPPORTED);
    CHECK(l.set_w(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 0, 3) == CUDNN_STATUS_BAD_PARAM);
    CHECK(l.set_convolution(-1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT) == CUDNN_STATUS_BAD_PARAM);
    CHECK(l.set_convolution(1, 0, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT) == CUDNN_STATUS_BAD_PARAM);
    CHECK(l.set_convolution(1, 1, 0, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT) == CUDNN_STATUS_BAD_PARAM);
    CHECK(cudnnSetConvolutionMathType(nullptr, CUDNN_FMA_MATH) == CUDNN_STATUS_BAD_PARAM);

    const cuda::CudnnTensor not_set;
    int found = 0;
    cudnnConvolutionFwdAlgoPerf_t result[1];
    CHECK(cudnnGetConvolutionForwardAlgorithm_v7(l.handle, l.x.get(), l.w.get(), l.convolution.get(),
                                                 not_set.get(), 1, &found, result) == CUDNN_STATUS_BAD_PARAM);
    CHECK(std::string(cudnnGetErrorString(CUDNN_STATUS_BAD_PARAM)) == "CUDNN_STATUS_BAD_PARAM");
}

TEST_CASE("cuda: libraries fail when they are told to, and then leave nothing behind", "[cuda]") {
    const std::size_t cublas_objects = cuda_emulator::living_cublas_objects(),
                      cudnn_objects = cuda_emulator::living_cudnn_objects();
    std::size_t failures = 0;
    for (std::size_t n = 1;; ++n) {
        cuda_emulator::inject_fault(cuda_emulator::Call::library, n);
        try {
            Library l;
            l.device.cudnn_plans().find<cuda::CudnnForward>(l.handle,
                                                            {2, {6, 3, 3, 2, 1, 1}, {5, 3, 3, 2, 1, 1}, 3, 4},
                                                            CUDNN_DATA_FLOAT, false, 1 << 20);
            cuda::check(l.forward(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM), "cudnnConvolutionForward");
        } catch (const Error& error) {
            ++failures;
            CHECK(std::string(error.what()).find("_STATUS_") != std::string::npos);
        }
        CHECK(cuda_emulator::living_cublas_objects() == cublas_objects);
        CHECK(cuda_emulator::living_cudnn_objects() == cudnn_objects);
        if (!cuda_emulator::fault_happened()) break;
    }
    cuda_emulator::clear_fault();
    CHECK(failures >= 11);  // two handles, two times four descriptors, the choice and the convolution itself
}

}  // namespace gantry::test
