#pragma once
#include <gantry/core/buffer.hpp>
#include <gantry/core/device.hpp>
#include <gantry/cuda/batch_uploader.hpp>
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/cudnn_filters.hpp>
#include <gantry/cuda/cudnn_plans.hpp>
#include <gantry/cuda/memory.hpp>

#include <cstddef>
#include <string>

namespace gantry {

struct CudaOptions {
    int gpu = 0;        ///< which one, from 0
    bool tf32 = false;  ///< products of float on tensor cores, with 10 bits of mantissa
    std::size_t workspace = std::size_t{32} << 20;  ///< bytes that cuBLAS and cuDNN may use
};

namespace cuda {

/// How many GPUs can be used, and if none, why.
struct Availability {
    int gpus = 0;
    std::string reason;
};
inline Availability availability() {
    int count = 0;  // not written where there is no driver
    const cudaError_t code = cudaGetDeviceCount(&count);
    if (code != cudaSuccess)
        return {0, std::string(cudaGetErrorString(code)) + " (" + cudaGetErrorName(code) + ")"};
    return {count, count == 0 ? "no GPU" : ""};
}

namespace detail {
/// Makes a GPU the thread's current one before anything is created on it.
struct CurrentGpu {
    explicit CurrentGpu(const CudaOptions& options) {
        int count = 0;
        check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
        if (options.gpu < 0 || options.gpu >= count)
            fail("Cuda", "the GPU must be one of 0 to " + std::to_string(count - 1), options.gpu);
        check(cudaSetDevice(options.gpu), "cudaSetDevice");
    }
};
}  // namespace detail

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

/// Memory of the GPU that a library uses within one call.
class Workspace {
public:
    Workspace(Memory& memory, std::size_t bytes)
        : memory_(memory), data_(memory.allocate(bytes)), bytes_(bytes) {}
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace() { memory_.release(data_, bytes_); }
    void* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }

private:
    Memory& memory_;
    void* data_;
    std::size_t bytes_;
};

}  // namespace cuda

/// An NVIDIA GPU: kernels in kernels/, cuBLAS and cuDNN, one stream. It belongs to the thread that made it.
/// Errors: no GPU, or a driver older than the toolkit.
class Cuda : private cuda::detail::CurrentGpu, public Device<cuda::Memory> {
public:
    explicit Cuda(const CudaOptions& options = {}) : CurrentGpu(options), options_(options) {
        cuda::check(cublasSetStream(cublas_.get(), stream()), "cublasSetStream");
        cuda::check(cublasSetWorkspace(cublas_.get(), workspace_.data(), workspace_.bytes()),
                    "cublasSetWorkspace");
        cuda::check(cublasSetMathMode(cublas_.get(),
                                      options.tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_PEDANTIC_MATH),
                    "cublasSetMathMode");
        cuda::check(cudnnSetStream(cudnn_.get(), stream()), "cudnnSetStream");
    }

    static constexpr bool asynchronous = true;
    using BatchUploader = cuda::BatchUploader;

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
    cublasHandle_t cublas() const { return cublas_.get(); }
    cudnnHandle_t cudnn() const { return cudnn_.get(); }
    cuda::CudnnPlans& cudnn_plans() { return cudnn_plans_; }
    cuda::CudnnFilters& cudnn_filters() { return cudnn_filters_; }
    cuda::Workspace& workspace() { return workspace_; }
    const CudaOptions& options() const { return options_; }

    /// In memory of the GPU, for kernels whose blocks count each other: 0 while none runs.
    unsigned* arrivals() { return arrivals_.data(); }
    static constexpr std::size_t arrival_counters = 256;

private:
    CudaOptions options_;
    cuda::CublasHandle cublas_;
    cuda::CudnnHandle cudnn_;
    cuda::CudnnPlans cudnn_plans_;
    cuda::CudnnFilters cudnn_filters_;
    cuda::Workspace workspace_{memory(), options_.workspace};
    Buffer<unsigned, Cuda> arrivals_{*this, arrival_counters};
};

}  // namespace gantry
