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

// Converts a status of CUDA, cuBLAS or cuDNN to an exception with a one-line message,
// `[call] what happened (CODE): what to do`.

/// Describes a status in one line: what happened, the name of the code, what to do.
inline std::string message(cudaError_t code) {
    return std::string(cudaGetErrorString(code)) + " (" + cudaGetErrorName(code) +
           "): " + detail::advice(code);
}
inline std::string message(cublasStatus_t status) {
    return std::string("cuBLAS: ") + cublasGetStatusString(status) + " (" + cublasGetStatusName(status) +
           "): " + detail::advice(status);
}
/// Includes the reason that cuDNN reports for the last failure in this thread, if any.
inline std::string message(cudnnStatus_t status) {
    std::array<char, 256> reason{};
    cudnnGetLastErrorString(reason.data(), reason.size());
    reason.back() = '\0';
    std::string what = reason.front() == '\0' ? "the call failed" : reason.data();
    std::replace_if(what.begin(), what.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return "cuDNN: " + what + " (" + cudnnGetErrorString(status) + "): " + detail::advice(status);
}

/// Throws gantry::Error unless the status is success.
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
