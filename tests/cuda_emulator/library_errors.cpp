// Names and texts of the status codes of cuBLAS and cuDNN.
#include "faults.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <cublas_v2.h>
#include <cudnn.h>

namespace {
std::string cudnn_reason;
}

namespace cuda_emulator {
void set_cudnn_reason(std::string reason) { cudnn_reason = std::move(reason); }
}  // namespace cuda_emulator

extern "C" {

#define ENTRY(code) \
    case code:      \
        return #code;

const char* cublasGetStatusName(cublasStatus_t status) {
    switch (status) {
        ENTRY(CUBLAS_STATUS_SUCCESS)
        ENTRY(CUBLAS_STATUS_NOT_INITIALIZED)
        ENTRY(CUBLAS_STATUS_ALLOC_FAILED)
        ENTRY(CUBLAS_STATUS_INVALID_VALUE)
        ENTRY(CUBLAS_STATUS_ARCH_MISMATCH)
        ENTRY(CUBLAS_STATUS_MAPPING_ERROR)
        ENTRY(CUBLAS_STATUS_EXECUTION_FAILED)
        ENTRY(CUBLAS_STATUS_INTERNAL_ERROR)
        ENTRY(CUBLAS_STATUS_NOT_SUPPORTED)
        ENTRY(CUBLAS_STATUS_LICENSE_ERROR)
    }
    return "unrecognized status";
}
const char* cublasGetStatusString(cublasStatus_t status) {
    switch (status) {
        case CUBLAS_STATUS_SUCCESS:
            return "success";
        case CUBLAS_STATUS_NOT_INITIALIZED:
            return "the library was not initialized";
        case CUBLAS_STATUS_ALLOC_FAILED:
            return "the resource allocation failed";
        case CUBLAS_STATUS_INVALID_VALUE:
            return "an unsupported value or parameter was passed to the function";
        case CUBLAS_STATUS_ARCH_MISMATCH:
            return "the function requires an architectural feature absent from the device";
        case CUBLAS_STATUS_MAPPING_ERROR:
            return "an access to GPU memory space failed";
        case CUBLAS_STATUS_EXECUTION_FAILED:
            return "the function failed to launch on the GPU";
        case CUBLAS_STATUS_INTERNAL_ERROR:
            return "an internal operation failed";
        case CUBLAS_STATUS_NOT_SUPPORTED:
            return "the requested functionality is not supported";
        case CUBLAS_STATUS_LICENSE_ERROR:
            return "the license check failed";
    }
    return "unrecognized status";
}

const char* cudnnGetErrorString(cudnnStatus_t status) {
    switch (status) {
        ENTRY(CUDNN_STATUS_SUCCESS)
        ENTRY(CUDNN_STATUS_NOT_INITIALIZED)
        ENTRY(CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH)
        ENTRY(CUDNN_STATUS_SERIALIZATION_VERSION_MISMATCH)
        ENTRY(CUDNN_STATUS_DEPRECATED)
        ENTRY(CUDNN_STATUS_LICENSE_ERROR)
        ENTRY(CUDNN_STATUS_RUNTIME_IN_PROGRESS)
        ENTRY(CUDNN_STATUS_RUNTIME_FP_OVERFLOW)
        ENTRY(CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED)
        ENTRY(CUDNN_STATUS_BAD_PARAM)
        ENTRY(CUDNN_STATUS_INVALID_VALUE)
        ENTRY(CUDNN_STATUS_BAD_PARAM_NULL_POINTER)
        ENTRY(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER)
        ENTRY(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED)
        ENTRY(CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND)
        ENTRY(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT)
        ENTRY(CUDNN_STATUS_BAD_PARAM_STREAM_MISMATCH)
        ENTRY(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH)
        ENTRY(CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES)
        ENTRY(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE)
        ENTRY(CUDNN_STATUS_BAD_PARAM_CUDA_GRAPH_MISMATCH)
        ENTRY(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_SHAPE)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_LAYOUT)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDART)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_SHARED_MEMORY_INSUFFICIENT)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_PADDING)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_BAD_LAUNCH_PARAM)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_CUDA_GRAPH_NATIVE_API)
        ENTRY(CUDNN_STATUS_NOT_SUPPORTED_INVALID_DYNAMIC_SHAPE)
        ENTRY(CUDNN_STATUS_INTERNAL_ERROR)
        ENTRY(CUDNN_STATUS_INTERNAL_ERROR_COMPILATION_FAILED)
        ENTRY(CUDNN_STATUS_INTERNAL_ERROR_UNEXPECTED_VALUE)
        ENTRY(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED)
        ENTRY(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)
        ENTRY(CUDNN_STATUS_INTERNAL_ERROR_BAD_LAUNCH_PARAM)
        ENTRY(CUDNN_STATUS_INTERNAL_ERROR_TEXTURE_CREATION_FAILED)
        ENTRY(CUDNN_STATUS_EXECUTION_FAILED)
        ENTRY(CUDNN_STATUS_EXECUTION_FAILED_CUDA_DRIVER)
        ENTRY(CUDNN_STATUS_EXECUTION_FAILED_CUBLAS)
        ENTRY(CUDNN_STATUS_EXECUTION_FAILED_CUDART)
        ENTRY(CUDNN_STATUS_EXECUTION_FAILED_CURAND)
    }
    return "CUDNN_UNKNOWN_STATUS";
}
/// Returns the reason once, as cuDNN does.
void cudnnGetLastErrorString(char* message, size_t max_size) {
    if (max_size == 0) return;
    const std::string reason = std::exchange(cudnn_reason, {});
    const std::size_t size = std::min(reason.size(), max_size - 1);
    std::memcpy(message, reason.data(), size);
    message[size] = '\0';
}
}
