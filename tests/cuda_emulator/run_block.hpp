#pragma once
#include "launch.hpp"

#include <span>
#include <string>

#include <cuda_runtime.h>

namespace cuda_emulator {

/// A kernel's error: its CUDA code and the emulator's report.
struct Failure {
    cudaError_t code = cudaSuccess;
    std::string text;
};

/// Runs one block of a kernel, starting its threads in the order of `order`. A failure ends the block
/// immediately.
Failure run_block(const KernelLaunch& kernel, uint3 block, std::span<const unsigned> order,
                  void* dynamic_shared);

void note_failure(Failure failure);
[[noreturn]] void leave_block();

/// Ends the running block from within one of its threads; `text()` returns the report. A function, since the
/// thread's stack is abandoned: a string of the caller would never be destroyed.
template <class Text>
[[noreturn]] void fail_block(cudaError_t code, Text text) {
    note_failure({code, text()});
    leave_block();
}

/// "thread (1, 0, 0) of block (0, 0, 0)": the running thread.
std::string running_thread();
/// The same for the thread with this linear index in the running block.
std::string thread_name(unsigned number);

}  // namespace cuda_emulator
