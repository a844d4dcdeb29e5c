// Every status code of CUDA, cuBLAS and cuDNN becomes one line with its name and the advice for its cause.
#include "cuda_emulator/faults.hpp"
#include "cuda_emulator/options.hpp"
#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/cuda.hpp>

#include <string>
#include <string_view>
#include <vector>

// Also for the toolkit's headers: a code that is missing here is an error.
#pragma GCC diagnostic error "-Wswitch"

namespace gantry::test {
namespace {

/// The advice for a cause, identified by words that no other advice contains.
struct Cause {
    std::string_view name, words;
};
constexpr Cause causes[] = {
    {"no_gpu", "nvidia-smi lists a GPU"},
    {"driver", "install or update the NVIDIA driver"},
    {"stub", "lib64/stubs"},
    {"mismatch", "reboot"},
    {"compatibility", "cuda-compat"},
    {"busy", "compute mode"},
    {"fork", "fork first"},
    {"services", "nvidia-fabricmanager"},
    {"license", "nvidia-gridd"},
    {"access", "/dev/nvidia*"},
    {"unknown", "nvidia_uvm"},
    {"hardware", "Xid"},
    {"outside", "a device outside of CUDA"},
    {"ordinal", "choose one of the GPUs"},
    {"feature", "lacks the feature"},
    {"installation", "reinstall"},
    {"mps", "MPS daemon ("},
    {"mps_clients", "too many clients"},
    {"mps_ended", "MPS ended"},
    {"architecture", "was not compiled for this GPU"},
    {"ptx", "use a newer driver"},
    {"jit", "CUDA_DISABLE_PTX_JIT"},
    {"memory", "the GPU's memory is full"},
    {"host_memory", "the host's memory is full"},
    {"kernel", "compute-sanitizer"},
    {"watchdog", "display's watchdog"},
    {"launch", "launch of this size"},
    {"capture", "inside Cuda::run_as_graph"},
    {"graph", "instantiate it again"},
    {"handle", "on another GPU than its own"},
    {"unloading", "before main returns"},
    {"context", "cudaDeviceReset"},
    {"waiting", "ask again"},
    {"argument", "an argument is wrong"},
    {"peer", "needs no peer access"},
    {"profiler", "end the other profiler"},
    {"unused", "does not use this feature"},
    {"start", "the library could not start"},
    {"too_old", "does not support this GPU's architecture"},
    {"earlier", "CUDA_LAUNCH_BLOCKING"},
    {"inside", "an internal error of"},
    {"lacking", "has no such"},
    {"overflow", "a value overflowed"},
};

// clang-format off
#define RUNTIME_CODES(X) \
    X(cudaErrorInvalidValue, 1, argument) \
    X(cudaErrorMemoryAllocation, 2, memory) \
    X(cudaErrorInitializationError, 3, fork) \
    X(cudaErrorCudartUnloading, 4, unloading) \
    X(cudaErrorProfilerDisabled, 5, profiler) \
    X(cudaErrorProfilerNotInitialized, 6, profiler) \
    X(cudaErrorProfilerAlreadyStarted, 7, profiler) \
    X(cudaErrorProfilerAlreadyStopped, 8, profiler) \
    X(cudaErrorInvalidConfiguration, 9, launch) \
    X(cudaErrorInvalidPitchValue, 12, argument) \
    X(cudaErrorInvalidSymbol, 13, unused) \
    X(cudaErrorInvalidHostPointer, 16, argument) \
    X(cudaErrorInvalidDevicePointer, 17, argument) \
    X(cudaErrorInvalidTexture, 18, unused) \
    X(cudaErrorInvalidTextureBinding, 19, unused) \
    X(cudaErrorInvalidChannelDescriptor, 20, unused) \
    X(cudaErrorInvalidMemcpyDirection, 21, argument) \
    X(cudaErrorAddressOfConstant, 22, unused) \
    X(cudaErrorTextureFetchFailed, 23, unused) \
    X(cudaErrorTextureNotBound, 24, unused) \
    X(cudaErrorSynchronizationError, 25, unused) \
    X(cudaErrorInvalidFilterSetting, 26, unused) \
    X(cudaErrorInvalidNormSetting, 27, unused) \
    X(cudaErrorMixedDeviceExecution, 28, unused) \
    X(cudaErrorNotYetImplemented, 31, unused) \
    X(cudaErrorMemoryValueTooLarge, 32, unused) \
    X(cudaErrorStubLibrary, 34, stub) \
    X(cudaErrorInsufficientDriver, 35, driver) \
    X(cudaErrorCallRequiresNewerDriver, 36, driver) \
    X(cudaErrorInvalidSurface, 37, unused) \
    X(cudaErrorDuplicateVariableName, 43, unused) \
    X(cudaErrorDuplicateTextureName, 44, unused) \
    X(cudaErrorDuplicateSurfaceName, 45, unused) \
    X(cudaErrorDevicesUnavailable, 46, busy) \
    X(cudaErrorIncompatibleDriverContext, 49, context) \
    X(cudaErrorMissingConfiguration, 52, launch) \
    X(cudaErrorPriorLaunchFailure, 53, kernel) \
    X(cudaErrorLaunchMaxDepthExceeded, 65, unused) \
    X(cudaErrorLaunchFileScopedTex, 66, unused) \
    X(cudaErrorLaunchFileScopedSurf, 67, unused) \
    X(cudaErrorSyncDepthExceeded, 68, unused) \
    X(cudaErrorLaunchPendingCountExceeded, 69, unused) \
    X(cudaErrorInvalidDeviceFunction, 98, architecture) \
    X(cudaErrorNoDevice, 100, no_gpu) \
    X(cudaErrorInvalidDevice, 101, ordinal) \
    X(cudaErrorDeviceNotLicensed, 102, license) \
    X(cudaErrorSoftwareValidityNotEstablished, 103, installation) \
    X(cudaErrorStartupFailure, 127, installation) \
    X(cudaErrorInvalidKernelImage, 200, architecture) \
    X(cudaErrorDeviceUninitialized, 201, context) \
    X(cudaErrorMapBufferObjectFailed, 205, unused) \
    X(cudaErrorUnmapBufferObjectFailed, 206, unused) \
    X(cudaErrorArrayIsMapped, 207, unused) \
    X(cudaErrorAlreadyMapped, 208, unused) \
    X(cudaErrorNoKernelImageForDevice, 209, architecture) \
    X(cudaErrorAlreadyAcquired, 210, unused) \
    X(cudaErrorNotMapped, 211, unused) \
    X(cudaErrorNotMappedAsArray, 212, unused) \
    X(cudaErrorNotMappedAsPointer, 213, unused) \
    X(cudaErrorECCUncorrectable, 214, hardware) \
    X(cudaErrorUnsupportedLimit, 215, feature) \
    X(cudaErrorDeviceAlreadyInUse, 216, busy) \
    X(cudaErrorPeerAccessUnsupported, 217, peer) \
    X(cudaErrorInvalidPtx, 218, ptx) \
    X(cudaErrorInvalidGraphicsContext, 219, unused) \
    X(cudaErrorNvlinkUncorrectable, 220, hardware) \
    X(cudaErrorJitCompilerNotFound, 221, jit) \
    X(cudaErrorUnsupportedPtxVersion, 222, ptx) \
    X(cudaErrorJitCompilationDisabled, 223, jit) \
    X(cudaErrorUnsupportedExecAffinity, 224, feature) \
    X(cudaErrorUnsupportedDevSideSync, 225, ptx) \
    X(cudaErrorContained, 226, hardware) \
    X(cudaErrorInvalidSource, 300, architecture) \
    X(cudaErrorFileNotFound, 301, installation) \
    X(cudaErrorSharedObjectSymbolNotFound, 302, installation) \
    X(cudaErrorSharedObjectInitFailed, 303, installation) \
    X(cudaErrorOperatingSystem, 304, access) \
    X(cudaErrorInvalidResourceHandle, 400, handle) \
    X(cudaErrorIllegalState, 401, capture) \
    X(cudaErrorLossyQuery, 402, unused) \
    X(cudaErrorSymbolNotFound, 500, unused) \
    X(cudaErrorNotReady, 600, waiting) \
    X(cudaErrorIllegalAddress, 700, kernel) \
    X(cudaErrorLaunchOutOfResources, 701, launch) \
    X(cudaErrorLaunchTimeout, 702, watchdog) \
    X(cudaErrorLaunchIncompatibleTexturing, 703, unused) \
    X(cudaErrorPeerAccessAlreadyEnabled, 704, peer) \
    X(cudaErrorPeerAccessNotEnabled, 705, peer) \
    X(cudaErrorSetOnActiveProcess, 708, context) \
    X(cudaErrorContextIsDestroyed, 709, context) \
    X(cudaErrorAssert, 710, kernel) \
    X(cudaErrorTooManyPeers, 711, peer) \
    X(cudaErrorHostMemoryAlreadyRegistered, 712, argument) \
    X(cudaErrorHostMemoryNotRegistered, 713, argument) \
    X(cudaErrorHardwareStackError, 714, kernel) \
    X(cudaErrorIllegalInstruction, 715, kernel) \
    X(cudaErrorMisalignedAddress, 716, kernel) \
    X(cudaErrorInvalidAddressSpace, 717, kernel) \
    X(cudaErrorInvalidPc, 718, kernel) \
    X(cudaErrorLaunchFailure, 719, kernel) \
    X(cudaErrorCooperativeLaunchTooLarge, 720, launch) \
    X(cudaErrorTensorMemoryLeak, 721, kernel) \
    X(cudaErrorNotPermitted, 800, access) \
    X(cudaErrorNotSupported, 801, feature) \
    X(cudaErrorSystemNotReady, 802, services) \
    X(cudaErrorSystemDriverMismatch, 803, mismatch) \
    X(cudaErrorCompatNotSupportedOnDevice, 804, compatibility) \
    X(cudaErrorMpsConnectionFailed, 805, mps) \
    X(cudaErrorMpsRpcFailure, 806, mps) \
    X(cudaErrorMpsServerNotReady, 807, mps) \
    X(cudaErrorMpsMaxClientsReached, 808, mps_clients) \
    X(cudaErrorMpsMaxConnectionsReached, 809, mps_clients) \
    X(cudaErrorMpsClientTerminated, 810, mps_ended) \
    X(cudaErrorCdpNotSupported, 811, feature) \
    X(cudaErrorCdpVersionMismatch, 812, feature) \
    X(cudaErrorStreamCaptureUnsupported, 900, capture) \
    X(cudaErrorStreamCaptureInvalidated, 901, capture) \
    X(cudaErrorStreamCaptureMerge, 902, capture) \
    X(cudaErrorStreamCaptureUnmatched, 903, capture) \
    X(cudaErrorStreamCaptureUnjoined, 904, capture) \
    X(cudaErrorStreamCaptureIsolation, 905, capture) \
    X(cudaErrorStreamCaptureImplicit, 906, capture) \
    X(cudaErrorCapturedEvent, 907, capture) \
    X(cudaErrorStreamCaptureWrongThread, 908, capture) \
    X(cudaErrorTimeout, 909, waiting) \
    X(cudaErrorGraphExecUpdateFailure, 910, graph) \
    X(cudaErrorExternalDevice, 911, outside) \
    X(cudaErrorInvalidClusterSize, 912, launch) \
    X(cudaErrorFunctionNotLoaded, 913, architecture) \
    X(cudaErrorInvalidResourceType, 914, argument) \
    X(cudaErrorInvalidResourceConfiguration, 915, argument) \
    X(cudaErrorUnknown, 999, unknown) \
    X(cudaErrorApiFailureBase, 10000, unused)

#define CUBLAS_CODES(X) \
    X(CUBLAS_STATUS_NOT_INITIALIZED, 1, start) \
    X(CUBLAS_STATUS_ALLOC_FAILED, 3, memory) \
    X(CUBLAS_STATUS_INVALID_VALUE, 7, argument) \
    X(CUBLAS_STATUS_ARCH_MISMATCH, 8, too_old) \
    X(CUBLAS_STATUS_MAPPING_ERROR, 11, earlier) \
    X(CUBLAS_STATUS_EXECUTION_FAILED, 13, earlier) \
    X(CUBLAS_STATUS_INTERNAL_ERROR, 14, inside) \
    X(CUBLAS_STATUS_NOT_SUPPORTED, 15, lacking) \
    X(CUBLAS_STATUS_LICENSE_ERROR, 16, installation)

#define CUDNN_CODES(X) \
    X(CUDNN_STATUS_NOT_INITIALIZED, 1001, start) \
    X(CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH, 1002, installation) \
    X(CUDNN_STATUS_SERIALIZATION_VERSION_MISMATCH, 1003, installation) \
    X(CUDNN_STATUS_DEPRECATED, 1004, lacking) \
    X(CUDNN_STATUS_LICENSE_ERROR, 1005, installation) \
    X(CUDNN_STATUS_RUNTIME_IN_PROGRESS, 1006, waiting) \
    X(CUDNN_STATUS_RUNTIME_FP_OVERFLOW, 1007, overflow) \
    X(CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED, 1008, installation) \
    X(CUDNN_STATUS_BAD_PARAM, 2000, argument) \
    X(CUDNN_STATUS_INVALID_VALUE, 2001, argument) \
    X(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, 2002, argument) \
    X(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, 2003, argument) \
    X(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, 2004, argument) \
    X(CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND, 2005, argument) \
    X(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT, 2006, argument) \
    X(CUDNN_STATUS_BAD_PARAM_STREAM_MISMATCH, 2007, handle) \
    X(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, 2008, argument) \
    X(CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES, 2009, argument) \
    X(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, 2010, argument) \
    X(CUDNN_STATUS_BAD_PARAM_CUDA_GRAPH_MISMATCH, 2011, graph) \
    X(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, 2012, argument) \
    X(CUDNN_STATUS_NOT_SUPPORTED, 3000, lacking) \
    X(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN, 3001, lacking) \
    X(CUDNN_STATUS_NOT_SUPPORTED_SHAPE, 3002, lacking) \
    X(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, 3003, lacking) \
    X(CUDNN_STATUS_NOT_SUPPORTED_LAYOUT, 3004, lacking) \
    X(CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER, 3005, driver) \
    X(CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDART, 3006, installation) \
    X(CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH, 3007, too_old) \
    X(CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING, 3008, installation) \
    X(CUDNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE, 3009, installation) \
    X(CUDNN_STATUS_NOT_SUPPORTED_SHARED_MEMORY_INSUFFICIENT, 3010, lacking) \
    X(CUDNN_STATUS_NOT_SUPPORTED_PADDING, 3011, lacking) \
    X(CUDNN_STATUS_NOT_SUPPORTED_BAD_LAUNCH_PARAM, 3012, lacking) \
    X(CUDNN_STATUS_NOT_SUPPORTED_CUDA_GRAPH_NATIVE_API, 3013, lacking) \
    X(CUDNN_STATUS_NOT_SUPPORTED_INVALID_DYNAMIC_SHAPE, 3014, lacking) \
    X(CUDNN_STATUS_INTERNAL_ERROR, 4000, inside) \
    X(CUDNN_STATUS_INTERNAL_ERROR_COMPILATION_FAILED, 4001, installation) \
    X(CUDNN_STATUS_INTERNAL_ERROR_UNEXPECTED_VALUE, 4002, inside) \
    X(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, 4003, host_memory) \
    X(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, 4004, memory) \
    X(CUDNN_STATUS_INTERNAL_ERROR_BAD_LAUNCH_PARAM, 4005, inside) \
    X(CUDNN_STATUS_INTERNAL_ERROR_TEXTURE_CREATION_FAILED, 4006, inside) \
    X(CUDNN_STATUS_EXECUTION_FAILED, 5000, earlier) \
    X(CUDNN_STATUS_EXECUTION_FAILED_CUDA_DRIVER, 5001, earlier) \
    X(CUDNN_STATUS_EXECUTION_FAILED_CUBLAS, 5002, earlier) \
    X(CUDNN_STATUS_EXECUTION_FAILED_CUDART, 5003, earlier) \
    X(CUDNN_STATUS_EXECUTION_FAILED_CURAND, 5004, earlier)
// clang-format on

template <class Code>
struct Expected {
    Code code;
    std::string_view name, cause;
};
#define ROW(code, number, cause) {code, #code, #cause},
constexpr Expected<cudaError_t> runtime_codes[] = {RUNTIME_CODES(ROW)};
constexpr Expected<cublasStatus_t> cublas_codes[] = {CUBLAS_CODES(ROW)};
constexpr Expected<cudnnStatus_t> cudnn_codes[] = {CUDNN_CODES(ROW)};

#define SAME_NUMBER(code, number, cause) static_assert(code == number);
RUNTIME_CODES(SAME_NUMBER)
CUBLAS_CODES(SAME_NUMBER)
CUDNN_CODES(SAME_NUMBER)

// These compile without a warning only if they have a case for each enumerator.
#define CASE(code, number, cause) case code:
[[maybe_unused]] void all_are_listed(cudaError_t code) {
    switch (code) {
        case cudaSuccess:
            RUNTIME_CODES(CASE)
            break;
    }
}
[[maybe_unused]] void all_are_listed(cublasStatus_t code) {
    switch (code) {
        case CUBLAS_STATUS_SUCCESS:
            CUBLAS_CODES(CASE)
            break;
    }
}
[[maybe_unused]] void all_are_listed(cudnnStatus_t code) {
    switch (code) {
        case CUDNN_STATUS_SUCCESS:
            CUDNN_CODES(CASE)
            break;
    }
}

template <class Code>
std::string checked(Code code) {
    return error_of([=] { cuda::check(code, "call"); });
}

std::vector<std::string_view> causes_in(const std::string& text) {
    std::vector<std::string_view> found;
    for (const Cause& cause : causes)
        if (text.find(cause.words) != text.npos) found.push_back(cause.name);
    return found;
}

template <class Code>
void check_advice(const Expected<Code>& expected) {
    const std::string text = checked(expected.code);
    CAPTURE(text);
    CHECK(text.starts_with("[call] "));
    CHECK(is_line_with(text, {"(" + std::string(expected.name) + "): "}));
    CHECK(causes_in(text) == std::vector{expected.cause});
}

}  // namespace

TEST_CASE("cuda: each error is one line with advice for its cause", "[cuda]") {
    for (const auto& expected : runtime_codes) check_advice(expected);
    for (const auto& expected : cublas_codes) check_advice(expected);
    for (const auto& expected : cudnn_codes) check_advice(expected);
    CHECK(checked(cudaSuccess).empty());
    CHECK(checked(CUBLAS_STATUS_SUCCESS).empty());
    CHECK(checked(CUDNN_STATUS_SUCCESS).empty());
}

TEST_CASE("cuda: an unknown error code is one line too", "[cuda]") {
    CHECK(is_line_with(checked(static_cast<cudaError_t>(990)), {"[call] ", "does not know the code"}));
    CHECK(is_line_with(checked(static_cast<cublasStatus_t>(17)), {"[call] ", "does not know the code"}));
    CHECK(is_line_with(checked(static_cast<cudnnStatus_t>(6001)), {"[call] ", "does not know the code"}));
    CHECK(causes_in(checked(static_cast<cudnnStatus_t>(2999))) == std::vector<std::string_view>{"argument"});
}

TEST_CASE("cuda: a cuDNN error includes cuDNN's reason in the same line", "[cuda]") {
    cuda_emulator::set_cudnn_reason("stride < 1\nin axis 2");
    CHECK(is_line_with(checked(CUDNN_STATUS_BAD_PARAM),
                       {"cuDNN: stride < 1 in axis 2 (CUDNN_STATUS_BAD_PARAM): an argument"}));
    CHECK(is_line_with(checked(CUDNN_STATUS_BAD_PARAM), {"cuDNN: the call failed (CUDNN_STATUS_BAD_PARAM)"}));
    cuda_emulator::set_cudnn_reason(std::string(1000, 'x'));
    CHECK(is_line_with(checked(CUDNN_STATUS_BAD_PARAM), {"xxx (CUDNN_STATUS_BAD_PARAM): an argument"}));
}

TEST_CASE("cuda: without a GPU, the reason includes advice", "[cuda]") {
    for (const auto& [code, name, cause] : runtime_codes) {
        cuda_emulator::inject_fault(cuda_emulator::Call::other, 1, code);
        const cuda::Availability found = cuda::availability();
        cuda_emulator::clear_fault();
        CHECK(found.gpus == 0);
        CHECK(is_line_with(found.reason, {"(" + std::string(name) + "): "}));
        CHECK(causes_in(found.reason) == std::vector{cause});
    }
    cudaGetLastError();
    CHECK(cuda::availability().gpus == 1);
    CHECK(cuda::availability().reason.empty());
}

}  // namespace gantry::test
