#pragma once
#include <gantry/core/error.hpp>
#include <gantry/cuda/check.hpp>

#include <string>

#include <cuda_runtime.h>

namespace gantry::cuda {

/// A GPU by its number. CUDA calls apply to the calling thread's current GPU, so every owner of GPU resources
/// makes its GPU current before each call, and leaves it current.
class Gpu {
public:
    /// The current GPU.
    Gpu() { check(cudaGetDevice(&number_), "cudaGetDevice"); }
    /// The GPU with this number, which is made current. Errors: there is no such GPU.
    explicit Gpu(int number) : number_(number) {
        check_exists(number, "Cuda");
        make_current();
    }

    int number() const { return number_; }
    /// Makes it current. Costs only a thread-local look-up if it already is.
    void make_current() const { check(set(), "cudaSetDevice"); }
    /// For destructors: a GPU that cannot be made current has nothing left to free.
    void try_make_current() const noexcept { set(); }

    /// Errors, prefixed with `where`: there is no GPU, or none with this number.
    static void check_exists(int number, const char* where) {
        int count = 0;
        check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
        if (number < 0 || number >= count)
            fail(where,
                 count == 1 ? std::string("the only GPU is number 0")
                            : "there are " + std::to_string(count) + " GPUs, numbered from 0 to " +
                                  std::to_string(count - 1),
                 number);
    }

    /// The product name of a GPU. Errors: there is none with this number.
    static std::string name(int number) {
        cudaDeviceProp properties{};
        check(cudaGetDeviceProperties(&properties, number), "cudaGetDeviceProperties");
        return properties.name;
    }

private:
    cudaError_t set() const noexcept {
        int current = -1;
        if (cudaGetDevice(&current) == cudaSuccess && current == number_) return cudaSuccess;
        return cudaSetDevice(number_);
    }

    int number_ = 0;
};

}  // namespace gantry::cuda
