#pragma once
#include <gantry/cuda/check.hpp>

#include <cstddef>
#include <string>

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cudnn.h>

namespace gantry::cuda {

/// The versions in use of what can affect rounding on a GPU, apart from the GPU itself:
/// "driver for CUDA 13.0, CUDA 12.9, cuBLAS 12.9.1, cuDNN 9.10.2".
inline std::string versions_text() {
    const auto cuda = [](cudaError_t (*get)(int*), const char* call) {
        int version = 0;
        check(get(&version), call);
        return std::to_string(version / 1000) + '.' + std::to_string(version % 1000 / 10);
    };
    const auto cublas = [](libraryPropertyType part) {
        int version = 0;
        check(cublasGetProperty(part, &version), "cublasGetProperty");
        return std::to_string(version);
    };
    const std::size_t cudnn = cudnnGetVersion();
    return "driver for CUDA " + cuda(cudaDriverGetVersion, "cudaDriverGetVersion") + ", CUDA " +
           cuda(cudaRuntimeGetVersion, "cudaRuntimeGetVersion") + ", cuBLAS " + cublas(MAJOR_VERSION) + '.' +
           cublas(MINOR_VERSION) + '.' + cublas(PATCH_LEVEL) + ", cuDNN " + std::to_string(cudnn / 10000) +
           '.' + std::to_string(cudnn / 100 % 100) + '.' + std::to_string(cudnn % 100);
}

}  // namespace gantry::cuda
