#pragma once
#include <gantry/core/error.hpp>

#include <string>

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cudnn.h>

namespace gantry::cuda {

// What a call of CUDA, cuBLAS or cuDNN answered: an error becomes an exception that names the call, the code
// and what to do.

namespace detail {
inline const char* advice(cudaError_t code) {
    switch (code) {
        case cudaErrorInsufficientDriver:
        case cudaErrorNoDevice:
            return "there is no GPU that CUDA can use here, or its driver is older than the toolkit: install "
                   "the "
                   "NVIDIA driver, or run on the CPU";
        case cudaErrorMemoryAllocation:
            return "the GPU's memory is full: take a smaller batch or network, or end what else runs on the "
                   "GPU";
        case cudaErrorNoKernelImageForDevice:
            return "gantry::cuda was not compiled for this GPU: add its architecture to "
                   "CMAKE_CUDA_ARCHITECTURES";
        default:
            return "the GPU's state is unknown now: end the program; compute-sanitizer finds a kernel's "
                   "mistake";
    }
}
}  // namespace detail

inline void check(cudaError_t code, const char* call) {
    if (code != cudaSuccess)
        fail(call, std::string(cudaGetErrorString(code)) + " (" + cudaGetErrorName(code) +
                       "): " + detail::advice(code));
}
inline void check(cublasStatus_t status, const char* call) {
    if (status != CUBLAS_STATUS_SUCCESS)
        fail(call, std::string("cuBLAS refused the call (") + cublasGetStatusName(status) +
                       "): a full GPU is one reason, else report it with the layer's sizes");
}
inline void check(cudnnStatus_t status, const char* call) {
    if (status != CUDNN_STATUS_SUCCESS)
        fail(call, std::string("cuDNN refused the call (") + cudnnGetErrorString(status) +
                       "): a full GPU is one reason, else report it with the layer's sizes");
}

}  // namespace gantry::cuda
