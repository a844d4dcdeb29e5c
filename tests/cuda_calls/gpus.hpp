#pragma once
#include "cuda_emulator/options.hpp"

#include <cuda_runtime.h>

namespace gantry::test {

/// Sets the number of GPUs for its lifetime.
struct Gpus {
    explicit Gpus(int count) { cuda_emulator::set_gpu_count(count); }
    Gpus(const Gpus&) = delete;
    Gpus& operator=(const Gpus&) = delete;
    ~Gpus() {
        cudaSetDevice(0);
        cuda_emulator::set_gpu_count(1);
        cudaGetLastError();
    }
};

}  // namespace gantry::test
