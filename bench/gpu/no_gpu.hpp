#pragma once
#include <gantry/cuda/device.hpp>

#include <cstdio>
#include <exception>

namespace gantry::bench {

/// Exit code of a GPU benchmark on a machine without a GPU: that of a skipped test in CTest and automake. Any
/// other failure exits with 1.
inline constexpr int no_gpu_exit_code = 77;

/// The exit code for main(): that of f(), or 1 if it throws.
template <class F>
int run_on_gpu(const char* program, const F& f) {
    const cuda::Availability available = cuda::availability();
    if (available.gpus == 0) {
        std::fprintf(stderr, "%s: no GPU to run on: %s\n", program, available.reason.c_str());
        return no_gpu_exit_code;
    }
    try {
        return f();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", program, error.what());
        return 1;
    }
}

/// Prints one line that names the GPU.
inline void print_gpu(const CudaOptions& options = {}) {
    cudaDeviceProp properties{};
    int runtime = 0, driver = 0;
    cuda::check(cudaGetDeviceProperties(&properties, options.gpu), "cudaGetDeviceProperties");
    cuda::check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
    cuda::check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
    std::printf("%s, %d multiprocessors, %.0f MiB of L2; CUDA %d.%d, driver for CUDA %d.%d\n",
                properties.name, properties.multiProcessorCount, properties.l2CacheSize / 1048576.0,
                runtime / 1000, runtime % 1000 / 10, driver / 1000, driver % 1000 / 10);
}

}  // namespace gantry::bench
