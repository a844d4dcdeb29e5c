#pragma once
#include "launch.hpp"

#include <span>
#include <string>

#include <cuda_runtime.h>

namespace cuda_emulator {

/// What a kernel did wrong: the code CUDA has for it, and what the emulator saw.
struct Failure {
    cudaError_t code = cudaSuccess;
    std::string text;
};

/// Runs one block of a kernel, its threads beginning in the order of `order`. A failure ends the block where
/// it is.
Failure run_block(const KernelLaunch& kernel, uint3 block, std::span<const unsigned> order,
                  void* dynamic_shared);

void note_failure(Failure failure);
[[noreturn]] void leave_block();

/// Ends the block that runs, from within one of its threads; `text()` is what it did wrong. It is a function
/// since the thread's stack is abandoned: a string that the caller has would never be destroyed.
template <class Text>
[[noreturn]] void fail_block(cudaError_t code, Text text) {
    note_failure({code, text()});
    leave_block();
}

/// "thread (1, 0, 0) of block (0, 0, 0)": who is running.
std::string running_thread();
/// The same of a thread with that number in the running block.
std::string thread_name(unsigned number);

}  // namespace cuda_emulator
