#pragma once
#include <gantry/core/error.hpp>
#include <gantry/cuda/advice.hpp>

#include <algorithm>
#include <array>
#include <string>

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cudnn.h>

namespace gantry::cuda {

// Turns a status of CUDA, cuBLAS or cuDNN into an exception of one line:
// `[call] what happened (CODE): what to do`.

/// What happened, the code's name and what to do, in one line.
inline std::string message(cudaError_t code) {
    return std::string(cudaGetErrorString(code)) + " (" + cudaGetErrorName(code) +
           "): " + detail::advice(code);
}
inline std::string message(cublasStatus_t status) {
    return std::string("cuBLAS: ") + cublasGetStatusString(status) + " (" + cublasGetStatusName(status) +
           "): " + detail::advice(status);
}
/// With the reason that cuDNN gives for its last failure in this thread, if it gives one.
inline std::string message(cudnnStatus_t status) {
    std::array<char, 256> reason{};
    cudnnGetLastErrorString(reason.data(), reason.size());
    reason.back() = '\0';
    std::string what = reason.front() == '\0' ? "the call failed" : reason.data();
    std::replace_if(
        what.begin(), what.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return "cuDNN: " + what + " (" + cudnnGetErrorString(status) + "): " + detail::advice(status);
}

/// Errors: anything but success.
inline void check(cudaError_t code, const char* call) {
    if (code != cudaSuccess) fail(call, message(code));
}
inline void check(cublasStatus_t status, const char* call) {
    if (status != CUBLAS_STATUS_SUCCESS) fail(call, message(status));
}
inline void check(cudnnStatus_t status, const char* call) {
    if (status != CUDNN_STATUS_SUCCESS) fail(call, message(status));
}

}  // namespace gantry::cuda
