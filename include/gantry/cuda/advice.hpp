#pragma once
#include <gantry/core/compiler.hpp>

#include <array>
#include <cstddef>

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cudnn.h>

namespace gantry::cuda::detail {

// Advice for the status codes of CUDA, cuBLAS and cuDNN: one row per cause. Codes newer than CUDA 12.0 or
// cuDNN 9.0 are written as numbers. tests/cuda_calls/test_errors.cpp compares the tables with the toolkit's
// headers.

struct Advice {
    const char* text;
    std::array<int, 40> codes;  ///< padded with 0, success
};

inline constexpr const char* memory_is_full =
    "the GPU's memory is full (for cudaMallocHost the host's): use a smaller batch or network, or end other "
    "programs on the GPU";
inline constexpr const char* wrong_argument =
    "an argument is wrong: report it with the layer's sizes, or check the program's own calls";
inline constexpr const char* wrong_gpu =
    "a handle is used on another GPU than its own, or after it was destroyed: take it from its Cuda object "
    "each time, and keep that alive";
inline constexpr const char* could_not_start =
    "the library could not start: check with nvidia-smi that the driver works and that the GPU has free "
    "memory";
inline constexpr const char* earlier_failure =
    "its kernel did not run, often because an earlier one failed: CUDA_LAUNCH_BLOCKING=1 shows which call";
inline constexpr const char* broken_installation =
    "CUDA's libraries are missing or their versions do not match: check LD_LIBRARY_PATH, or reinstall the "
    "CUDA Toolkit and cuDNN";
inline constexpr const char* gpu_too_old =
    "the library does not support this GPU's architecture: use an older CUDA Toolkit and cuDNN, or another "
    "GPU";
inline constexpr const char* update_driver =
    "install or update the NVIDIA driver: nvidia-smi shows its version";
inline constexpr const char* graph_changed =
    "the graph no longer fits the one that was instantiated: instantiate it again, as Cuda::run_as_graph "
    "does";
inline constexpr const char* not_finished = "it has not finished: wait for it and ask again";

// clang-format off
inline constexpr Advice runtime_advice[] = {
    // The driver and the GPU
    {"check that nvidia-smi lists a GPU and that CUDA_VISIBLE_DEVICES does not hide it",
     {cudaErrorNoDevice}},
    {update_driver,
     {cudaErrorInsufficientDriver, cudaErrorCallRequiresNewerDriver}},
    {"remove the toolkit's lib64/stubs from LD_LIBRARY_PATH: a program needs the driver's own libcuda.so",
     {cudaErrorStubLibrary}},
    {"reboot: the driver's kernel module and its libraries differ in version, as after an update; in a "
     "container use the host's libraries",
     {cudaErrorSystemDriverMismatch}},
    {"remove the cuda-compat libraries from LD_LIBRARY_PATH: they serve data-center GPUs only; others need a "
     "driver as new as the toolkit",
     {cudaErrorCompatNotSupportedOnDevice}},
    {"the GPU is busy or its compute mode excludes this process: nvidia-smi shows both; wait, use another "
     "GPU, or set the mode with nvidia-smi -c DEFAULT",
     {cudaErrorDevicesUnavailable, cudaErrorDeviceAlreadyInUse}},
    {"CUDA cannot start in this process: a child of fork cannot use CUDA if its parent did, so fork first or "
     "call exec; otherwise check the driver with nvidia-smi",
     {cudaErrorInitializationError}},
    {"start the driver's services: nvidia-fabricmanager on systems with NVSwitch",
     {cudaErrorSystemNotReady}},
    {"the virtual GPU has no license: check nvidia-gridd",
     {cudaErrorDeviceNotLicensed}},
    {"the system denies access: check permissions, and in a container its access to /dev/nvidia*; see dmesg",
     {cudaErrorNotPermitted, cudaErrorOperatingSystem}},
    {"the driver failed for an unknown reason: see dmesg, and reload the module nvidia_uvm",
     {cudaErrorUnknown}},
    {"the GPU or its link has a hardware fault: look for Xid in dmesg, then reset the GPU with nvidia-smi -r",
     {cudaErrorECCUncorrectable, cudaErrorNvlinkUncorrectable, 226 /* cudaErrorContained */}},
    {"a device outside of CUDA failed: check it and restart the program",
     {cudaErrorExternalDevice}},
    {"choose one of the GPUs that CUDA_VISIBLE_DEVICES shows, from 0",
     {cudaErrorInvalidDevice}},
    {"this GPU, its driver or the virtual machine lacks the feature: use another GPU or a newer driver",
     {cudaErrorNotSupported, cudaErrorUnsupportedLimit, cudaErrorUnsupportedExecAffinity,
      811 /* cudaErrorCdpNotSupported */, 812 /* cudaErrorCdpVersionMismatch */}},
    {broken_installation,
     {cudaErrorStartupFailure, cudaErrorSoftwareValidityNotEstablished, cudaErrorFileNotFound,
      cudaErrorSharedObjectSymbolNotFound, cudaErrorSharedObjectInitFailed}},

    // MPS, which shares a GPU among processes
    {"start or restart the MPS daemon (nvidia-cuda-mps-control), or unset CUDA_MPS_PIPE_DIRECTORY",
     {cudaErrorMpsConnectionFailed, cudaErrorMpsRpcFailure, cudaErrorMpsServerNotReady}},
    {"MPS has too many clients: end one of them",
     {cudaErrorMpsMaxClientsReached, cudaErrorMpsMaxConnectionsReached}},
    {"MPS ended this client, often because another one failed: start the program again",
     {cudaErrorMpsClientTerminated}},

    // How the program was built
    {"gantry::cuda was not compiled for this GPU: add its architecture to CMAKE_CUDA_ARCHITECTURES",
     {cudaErrorNoKernelImageForDevice, cudaErrorInvalidDeviceFunction, cudaErrorInvalidKernelImage,
      cudaErrorInvalidSource, 913 /* cudaErrorFunctionNotLoaded */}},
    {"the driver cannot compile the kernels' PTX: use a newer driver, or compile gantry::cuda for this GPU "
     "(CMAKE_CUDA_ARCHITECTURES)",
     {cudaErrorInvalidPtx, cudaErrorUnsupportedPtxVersion, 225 /* cudaErrorUnsupportedDevSideSync */}},
    {"this GPU's kernels must be compiled from PTX, but the driver's compiler is missing or switched off "
     "(CUDA_DISABLE_PTX_JIT): enable it, or compile gantry::cuda for this GPU (CMAKE_CUDA_ARCHITECTURES)",
     {cudaErrorJitCompilerNotFound, cudaErrorJitCompilationDisabled}},

    // Kernels
    {memory_is_full,
     {cudaErrorMemoryAllocation}},
    {"a kernel failed, and every CUDA call fails until the program is restarted: find the cause "
     "with compute-sanitizer",
     {cudaErrorIllegalAddress, cudaErrorAssert, cudaErrorHardwareStackError, cudaErrorIllegalInstruction,
      cudaErrorMisalignedAddress, cudaErrorInvalidAddressSpace, cudaErrorInvalidPc, cudaErrorLaunchFailure,
      cudaErrorPriorLaunchFailure, 721 /* cudaErrorTensorMemoryLeak */}},
    {"the display's watchdog ended a kernel: use a GPU without a display, or a smaller batch",
     {cudaErrorLaunchTimeout}},
    {"the GPU cannot run a launch of this size: use a smaller batch, and report it with the layer's sizes",
     {cudaErrorInvalidConfiguration, cudaErrorLaunchOutOfResources, cudaErrorInvalidClusterSize,
      cudaErrorCooperativeLaunchTooLarge, cudaErrorMissingConfiguration}},

    // Calls
    {"a call inside Cuda::run_as_graph cannot be captured: keep allocation, synchronization, the default "
     "stream, other streams and threads, and another run_as_graph out of it",
     {cudaErrorStreamCaptureUnsupported, cudaErrorStreamCaptureInvalidated, cudaErrorStreamCaptureMerge,
      cudaErrorStreamCaptureUnmatched, cudaErrorStreamCaptureUnjoined, cudaErrorStreamCaptureIsolation,
      cudaErrorStreamCaptureImplicit, cudaErrorCapturedEvent, cudaErrorStreamCaptureWrongThread,
      cudaErrorIllegalState}},
    {graph_changed,
     {cudaErrorGraphExecUpdateFailure}},
    {wrong_gpu,
     {cudaErrorInvalidResourceHandle}},
    {"destroy Cuda objects before main returns: CUDA has shut down already",
     {cudaErrorCudartUnloading}},
    {"the GPU's context is gone or is not the runtime's: while a Cuda object lives, call neither "
     "cudaDeviceReset nor the driver's context functions",
     {cudaErrorContextIsDestroyed, cudaErrorDeviceUninitialized, cudaErrorIncompatibleDriverContext,
      cudaErrorSetOnActiveProcess}},
    {not_finished,
     {cudaErrorNotReady, cudaErrorTimeout}},
    {wrong_argument,
     {cudaErrorInvalidValue, cudaErrorInvalidPitchValue, cudaErrorInvalidHostPointer,
      cudaErrorInvalidDevicePointer, cudaErrorInvalidMemcpyDirection, cudaErrorHostMemoryAlreadyRegistered,
      cudaErrorHostMemoryNotRegistered,
      914 /* cudaErrorInvalidResourceType */, 915 /* cudaErrorInvalidResourceConfiguration */}},
    {"gantry needs no peer access: check where the program enables it",
     {cudaErrorPeerAccessUnsupported, cudaErrorPeerAccessAlreadyEnabled, cudaErrorPeerAccessNotEnabled,
      cudaErrorTooManyPeers}},
    {"end the other profiler, or profile without it",
     {cudaErrorProfilerDisabled, cudaErrorProfilerNotInitialized, cudaErrorProfilerAlreadyStarted,
      cudaErrorProfilerAlreadyStopped}},
    {"gantry does not use this feature of CUDA: check the program's own kernels and calls",
     {cudaErrorInvalidSymbol, cudaErrorInvalidTexture, cudaErrorInvalidTextureBinding,
      cudaErrorInvalidChannelDescriptor, cudaErrorAddressOfConstant, cudaErrorTextureFetchFailed,
      cudaErrorTextureNotBound, cudaErrorSynchronizationError, cudaErrorInvalidFilterSetting,
      cudaErrorInvalidNormSetting, cudaErrorMixedDeviceExecution, cudaErrorNotYetImplemented,
      cudaErrorMemoryValueTooLarge, cudaErrorInvalidSurface, cudaErrorDuplicateVariableName,
      cudaErrorDuplicateTextureName, cudaErrorDuplicateSurfaceName, cudaErrorLaunchMaxDepthExceeded,
      cudaErrorLaunchFileScopedTex, cudaErrorLaunchFileScopedSurf, cudaErrorSyncDepthExceeded,
      cudaErrorLaunchPendingCountExceeded, cudaErrorMapBufferObjectFailed, cudaErrorUnmapBufferObjectFailed,
      cudaErrorArrayIsMapped, cudaErrorAlreadyMapped, cudaErrorAlreadyAcquired, cudaErrorNotMapped,
      cudaErrorNotMappedAsArray, cudaErrorNotMappedAsPointer, cudaErrorInvalidGraphicsContext,
      cudaErrorLossyQuery, cudaErrorSymbolNotFound, cudaErrorLaunchIncompatibleTexturing,
      cudaErrorApiFailureBase}},
};

inline constexpr Advice cublas_advice[] = {
    {could_not_start, {CUBLAS_STATUS_NOT_INITIALIZED}},
    {memory_is_full, {CUBLAS_STATUS_ALLOC_FAILED}},
    {wrong_argument, {CUBLAS_STATUS_INVALID_VALUE}},
    {gpu_too_old, {CUBLAS_STATUS_ARCH_MISMATCH}},
    {earlier_failure, {CUBLAS_STATUS_EXECUTION_FAILED, CUBLAS_STATUS_MAPPING_ERROR}},
    {"an internal error of cuBLAS: free memory on the GPU; if that does not help, report it "
     "with the layer's sizes",
     {CUBLAS_STATUS_INTERNAL_ERROR}},
    {"this version of cuBLAS has no such matrix product: report it with the layer's sizes",
     {CUBLAS_STATUS_NOT_SUPPORTED}},
    {broken_installation, {CUBLAS_STATUS_LICENSE_ERROR}},
};

/// A code that is not listed has the advice of its category, code / 1000 * 1000.
inline constexpr Advice cudnn_advice[] = {
    {could_not_start, {CUDNN_STATUS_NOT_INITIALIZED}},
    {broken_installation,
     {CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH, CUDNN_STATUS_SERIALIZATION_VERSION_MISMATCH,
      CUDNN_STATUS_LICENSE_ERROR, CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED,
      CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDART, CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING,
      CUDNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE, CUDNN_STATUS_INTERNAL_ERROR_COMPILATION_FAILED}},
    {not_finished, {CUDNN_STATUS_RUNTIME_IN_PROGRESS}},
    {"a value overflowed: use a lower learning rate or clip the gradients",
     {CUDNN_STATUS_RUNTIME_FP_OVERFLOW}},
    {wrong_argument, {CUDNN_STATUS_BAD_PARAM}},
    {wrong_gpu, {CUDNN_STATUS_BAD_PARAM_STREAM_MISMATCH}},
    {graph_changed, {2011 /* CUDNN_STATUS_BAD_PARAM_CUDA_GRAPH_MISMATCH */}},
    {"this version of cuDNN has no such convolution: report it with the layer's sizes",
     {CUDNN_STATUS_NOT_SUPPORTED, CUDNN_STATUS_DEPRECATED}},
    {update_driver, {CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER}},
    {gpu_too_old, {CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH}},
    {"an internal error of cuDNN: free memory on the GPU; if that does not help, report it "
     "with the layer's sizes",
     {CUDNN_STATUS_INTERNAL_ERROR}},
    {memory_is_full, {CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED}},
    {"the host's memory is full: end other programs or use a smaller data set",
     {CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED}},
    {earlier_failure, {CUDNN_STATUS_EXECUTION_FAILED}},
};
// clang-format on

/// The advice for a code, or null if it is not in the table.
template <std::size_t N>
constexpr const char* find_advice(const Advice (&table)[N], int code) {
    for (const Advice& advice : table)
        for (const int listed : advice.codes)
            if (listed == code && code != 0) return advice.text;
    return nullptr;
}

inline constexpr const char* unknown_code =
    "this version of gantry does not know the code: see its documentation by NVIDIA";

/// One line of advice for a status code.
constexpr const char* advice(cudaError_t code) {
    const char* const text = find_advice(runtime_advice, code);
    return text ? text : unknown_code;
}
constexpr const char* advice(cublasStatus_t status) {
    const char* const text = find_advice(cublas_advice, status);
    return text ? text : unknown_code;
}
constexpr const char* advice(cudnnStatus_t status) {
    const char* text = find_advice(cudnn_advice, status);
    if (!text) text = find_advice(cudnn_advice, status / 1000 * 1000);
    return text ? text : unknown_code;
}

}  // namespace gantry::cuda::detail
