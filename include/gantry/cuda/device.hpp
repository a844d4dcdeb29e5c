#pragma once
#include <gantry/core/buffer.hpp>
#include <gantry/core/device.hpp>
#include <gantry/cuda/batch_uploader.hpp>
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/cudnn_filters.hpp>
#include <gantry/cuda/cudnn_plans.hpp>
#include <gantry/cuda/gpu.hpp>
#include <gantry/cuda/kernel_log.hpp>
#include <gantry/cuda/memory.hpp>
#include <gantry/cuda/workspace.hpp>

#include <cstddef>
#include <string>

namespace gantry {

/// Options of a Cuda device.
struct CudaOptions {
    int gpu = 0;  ///< number of the GPU, from 0
    /// Let cuBLAS and cuDNN multiply floats on tensor cores, rounded to TF32 (10 bits of mantissa). Otherwise
    /// they compute in full fp32. NVIDIA_TF32_OVERRIDE=0 in the environment always disables TF32.
    bool tf32 = false;
    /// Restrict cuDNN to convolutions that return the same bits in every run.
    bool deterministic = true;
    /// Time the first candidates among cuDNN's engines at the first convolution of each shape, and use the
    /// fastest. False: use the one that cuDNN's heuristics recommend, which is the same in every process.
    bool measure = true;
    /// Maximum workspace of a cuDNN convolution in bytes. 0: a sixteenth of the GPU's memory.
    std::size_t workspace = 0;
    /// Receives a line for each product and convolution of a new shape: see cuda::KernelLog.
    cuda::KernelLog::Write log = {};
};

namespace cuda {

/// The number of GPUs that CUDA finds; if it is 0, the reason and advice.
struct Availability {
    int gpus = 0;        ///< number of GPUs
    std::string reason;  ///< empty if there is a GPU
};
/// Queries CUDA for GPUs. Never fails: a missing driver is a reason, too.
inline Availability availability() {
    int count = 0;  // not written if there is no driver
    const cudaError_t code = cudaGetDeviceCount(&count);
    if (code == cudaSuccess && count > 0) return {count, ""};
    cudaGetLastError();  // clears the error, which is handled here
    return {0, message(code == cudaSuccess ? cudaErrorNoDevice : code)};
}

/// Owns a cuBLAS handle.
class CublasHandle {
public:
    CublasHandle() { check(cublasCreate(&handle_), "cublasCreate"); }
    CublasHandle(const CublasHandle&) = delete;
    CublasHandle& operator=(const CublasHandle&) = delete;
    ~CublasHandle() { cublasDestroy(handle_); }
    /// The handle.
    cublasHandle_t get() const { return handle_; }

private:
    cublasHandle_t handle_ = nullptr;
};

/// Owns a cuDNN handle.
class CudnnHandle {
public:
    CudnnHandle() { check(cudnnCreate(&handle_), "cudnnCreate"); }
    CudnnHandle(const CudnnHandle&) = delete;
    CudnnHandle& operator=(const CudnnHandle&) = delete;
    ~CudnnHandle() { cudnnDestroy(handle_); }
    /// The handle.
    cudnnHandle_t get() const { return handle_; }

private:
    cudnnHandle_t handle_ = nullptr;
};

}  // namespace cuda

/// An NVIDIA GPU: gantry's kernels, cuBLAS and cuDNN in one stream. Only one thread may use it at a time, not
/// necessarily the one that constructed it. A thread may use several Cuda objects in turn, but inside
/// `run_as_graph` only the one that submits. Every use makes its GPU current in the calling thread and leaves
/// it current: own CUDA calls must set their GPU first, or use `stream()`. Errors: no GPU with that number; a
/// driver older than the toolkit.
class Cuda : private cuda::Gpu, public Device<cuda::Memory> {
public:
    /// Opens a GPU. Errors: see the class; cuBLAS or cuDNN cannot start; not enough memory for cuBLAS's
    /// workspace.
    explicit Cuda(const CudaOptions& options = {}) : Gpu(options.gpu), options_(options) {
        cuda::check(cublasSetStream(cublas_.get(), stream()), "cublasSetStream");
        cublas_workspace_.grow(cublas_workspace_bytes);
        cuda::check(cublasSetWorkspace(cublas_.get(), cublas_workspace_.data(), cublas_workspace_.bytes()),
                    "cublasSetWorkspace");
        cuda::check(
            cublasSetMathMode(cublas_.get(), options.tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH),
            "cublasSetMathMode");
        cuda::check(cudnnSetStream(cudnn_.get(), stream()), "cudnnSetStream");
        if (workspace_limit_ == 0) {
            cudaDeviceProp properties{};
            cuda::check(cudaGetDeviceProperties(&properties, options.gpu), "cudaGetDeviceProperties");
            workspace_limit_ = properties.totalGlobalMem / 16;
        }
    }

    /// Waits for the GPU. Makes its GPU current, so that the members free their resources there.
    ~Cuda() { try_make_current(); }

    /// Kernels run asynchronously; the host must synchronise before it reads results.
    static constexpr bool asynchronous = true;
    using BatchUploader = cuda::BatchUploader;  ///< streams data sets for DeviceBatches

    /// The device's stream. This, `cublas` and `cudnn` make the GPU current: call them before each use.
    cudaStream_t stream() { return memory().stream().get(); }
    /// Captures the work that f launches and launches it as one CUDA graph, so that a training step costs a
    /// single launch. f may allocate and read results, but each flushes the graph; a step that has run before
    /// does neither.
    template <class F>
    void run_as_graph(const F& f) {
        cuda::Stream& stream = memory().stream();
        stream.collect();
        try {
            f();
        } catch (...) {
            stream.abandon();
            cudnn_filters_.clear();  // their kernels never ran
            throw;
        }
        stream.start_collected();
    }
    /// Blocks until the GPU has finished all work. Errors: those of kernels since the last synchronisation.
    void synchronize() { memory().stream().synchronize(); }
    /// The cuBLAS handle, in the device's stream.
    cublasHandle_t cublas() const {
        make_current();
        return cublas_.get();
    }
    /// The cuDNN handle, in the device's stream.
    cudnnHandle_t cudnn() const {
        make_current();
        return cudnn_.get();
    }
    /// Plans of the convolutions so far.
    cuda::CudnnPlans& cudnn_plans() { return cudnn_plans_; }
    /// Filters of the current step.
    cuda::CudnnFilters& cudnn_filters() { return cudnn_filters_; }
    /// Workspace of at least `bytes`, shared by all calls and valid for a single one.
    void* workspace(std::size_t bytes) {
        workspace_.grow(bytes);
        return workspace_.data();
    }
    /// Maximum workspace of a cuDNN convolution in bytes.
    std::size_t workspace_limit() const { return workspace_limit_; }
    /// The log of selected kernels.
    cuda::KernelLog& log() { return log_; }
    /// The options that the device was constructed with.
    const CudaOptions& options() const { return options_; }

    /// Semaphores in GPU memory for kernels whose blocks count each other (split-K); all 0 while no kernel
    /// runs.
    unsigned* semaphores() { return semaphores_.data(); }
    /// Number of semaphores.
    static constexpr std::size_t semaphore_count = 256;

private:
    /// NVIDIA's recommendation for an H100. cuBLAS must not allocate by itself during a capture.
    static constexpr std::size_t cublas_workspace_bytes = std::size_t{32} << 20;

    CudaOptions options_;
    cuda::KernelLog log_{options_.log};
    cuda::CublasHandle cublas_;
    cuda::CudnnHandle cudnn_;
    cuda::CudnnPlans cudnn_plans_;
    cuda::CudnnFilters cudnn_filters_;
    std::size_t workspace_limit_ = options_.workspace;
    cuda::Workspace cublas_workspace_{memory()}, workspace_{memory()};
    core::Buffer<unsigned, Cuda> semaphores_{*this, semaphore_count};
};

}  // namespace gantry
