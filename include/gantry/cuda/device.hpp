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

struct CudaOptions {
    int gpu = 0;  ///< which one, from 0
    /// cuBLAS and cuDNN multiply floats on tensor cores, with 10 bits of mantissa. Otherwise they compute in
    /// full fp32. NVIDIA_TF32_OVERRIDE=0 in the environment switches TF32 off in any case.
    bool tf32 = false;
    /// Convolutions of cuDNN give the same bits each time that they run.
    bool deterministic = true;
    /// cuDNN's engine for a convolution is the fastest of its first candidates, timed on this GPU at the
    /// first convolution of each shape. False: the one that cuDNN's heuristics recommend, the same one in
    /// each process.
    bool measure = true;
    /// Bytes that one convolution of cuDNN may work in. 0: a sixteenth of the GPU's memory.
    std::size_t workspace = 0;
    /// Is given a line for each product and convolution of a new shape: see cuda::KernelLog.
    cuda::KernelLog::Write log = {};
};

namespace cuda {

/// How many GPUs CUDA finds, and if none, why and what to do about it.
struct Availability {
    int gpus = 0;
    std::string reason;
};
inline Availability availability() {
    int count = 0;  // not written where there is no driver
    const cudaError_t code = cudaGetDeviceCount(&count);
    if (code == cudaSuccess && count > 0) return {count, ""};
    cudaGetLastError();  // it was answered
    return {0, message(code == cudaSuccess ? cudaErrorNoDevice : code)};
}

class CublasHandle {
public:
    CublasHandle() { check(cublasCreate(&handle_), "cublasCreate"); }
    CublasHandle(const CublasHandle&) = delete;
    CublasHandle& operator=(const CublasHandle&) = delete;
    ~CublasHandle() { cublasDestroy(handle_); }
    cublasHandle_t get() const { return handle_; }

private:
    cublasHandle_t handle_ = nullptr;
};

class CudnnHandle {
public:
    CudnnHandle() { check(cudnnCreate(&handle_), "cudnnCreate"); }
    CudnnHandle(const CudnnHandle&) = delete;
    CudnnHandle& operator=(const CudnnHandle&) = delete;
    ~CudnnHandle() { cudnnDestroy(handle_); }
    cudnnHandle_t get() const { return handle_; }

private:
    cudnnHandle_t handle_ = nullptr;
};

}  // namespace cuda

/// An NVIDIA GPU: kernels in kernels/, cuBLAS and cuDNN, one stream. One thread uses it at a time, which may
/// be another than the one that made it; several Cuda objects may be used in turn by one thread, or each by a
/// thread, but inside of `submit` only the one that submits. Whatever is done with it makes its GPU the
/// calling thread's current one, and leaves it so: CUDA calls of your own set theirs first, or take
/// `stream()`. Errors: no GPU with that number, or a driver older than the toolkit.
class Cuda : private cuda::Gpu, public Device<cuda::Memory> {
public:
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

    /// Waits for the GPU. What it owns is freed with its GPU current, whichever was.
    ~Cuda() { try_make_current(); }

    static constexpr bool asynchronous = true;
    using BatchUploader = cuda::BatchUploader;

    /// This, `cublas` and `cudnn` make the GPU current: ask for them at each use.
    cudaStream_t stream() { return memory().stream().get(); }
    /// Runs f and starts what it puts on the GPU as one graph: a training step is one call then. Allocation
    /// and reading inside of f are allowed, but cost the advantage; a step that has run before does neither.
    template <class F>
    void submit(const F& f) {
        cuda::Stream& stream = memory().stream();
        stream.collect();
        try {
            f();
        } catch (...) {
            stream.abandon();
            cudnn_filters_.clear();  // they were never made
            throw;
        }
        stream.start_collected();
    }
    /// The host waits until the GPU has done everything. Errors: those of kernels since the last time.
    void synchronize() { memory().stream().synchronize(); }
    cublasHandle_t cublas() const {
        make_current();
        return cublas_.get();
    }
    cudnnHandle_t cudnn() const {
        make_current();
        return cudnn_.get();
    }
    cuda::CudnnPlans& cudnn_plans() { return cudnn_plans_; }
    cuda::CudnnFilters& cudnn_filters() { return cudnn_filters_; }
    /// Memory that one call may work in, at least `bytes` of it.
    void* workspace(std::size_t bytes) {
        workspace_.grow(bytes);
        return workspace_.data();
    }
    /// Bytes that one convolution of cuDNN may work in.
    std::size_t workspace_limit() const { return workspace_limit_; }
    cuda::KernelLog& log() { return log_; }
    const CudaOptions& options() const { return options_; }

    /// In memory of the GPU, for kernels whose blocks count each other: 0 while none runs.
    unsigned* semaphores() { return arrivals_.data(); }
    static constexpr std::size_t arrival_counters = 256;

private:
    /// What cuBLAS recommends for an H100; it must not allocate by itself while a graph is captured.
    static constexpr std::size_t cublas_workspace_bytes = std::size_t{32} << 20;

    CudaOptions options_;
    cuda::KernelLog log_{options_.log};
    cuda::CublasHandle cublas_;
    cuda::CudnnHandle cudnn_;
    cuda::CudnnPlans cudnn_plans_;
    cuda::CudnnFilters cudnn_filters_;
    std::size_t workspace_limit_ = options_.workspace;
    cuda::Workspace cublas_workspace_{memory()}, workspace_{memory()};
    Buffer<unsigned, Cuda> arrivals_{*this, arrival_counters};
};

}  // namespace gantry
