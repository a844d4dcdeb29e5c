#pragma once
// What the emulator's cuBLAS and cuDNN are built on: their work goes into a stream, is counted, captured and
// made to fail like a kernel.
#include <cstddef>
#include <functional>
#include <span>

#include <cuda_runtime.h>

namespace cuda_emulator {

/// The GPU that is current in this thread, and the one that a stream belongs to.
int current_gpu();
int gpu_of(cudaStream_t stream);

/// Memory that a call reads or writes: `rows` runs of `bytes`, `stride` bytes from the start of one to that
/// of the next.
struct Range {
    const void* begin = nullptr;
    std::size_t bytes = 0;
    std::size_t rows = 1;
    std::size_t stride = 0;
    bool counted = true;  ///< false: memory to work in, of which nobody knows how much is used how often
};

/// Queues `work` of a library's function `name` in `stream`, or records it where the stream is capturing. It
/// runs at the next synchronisation, once for each launch of a graph. What it needs of the host (alpha, beta,
/// descriptors) is copied into `work` by the caller. When it runs, `reads` and `writes` have to lie in live
/// memory of the stream's GPU, and what it reads must have been written; else the GPU fails as with an
/// illegal address. Returns false where the library has to answer that it could not start its kernels: a
/// failure was injected, the GPU failed earlier, or the stream belongs to another GPU than the current one.
/// Nothing is queued then.
[[nodiscard]] bool library_call(const char* name, cudaStream_t stream, std::span<const Range> reads,
                                std::span<const Range> writes, std::function<void()> work);

/// Counts a call that starts no work (a handle or descriptor made, an algorithm chosen). Returns false where
/// a failure was injected: the library answers as if memory had run out.
[[nodiscard]] bool library_host_call(const char* name);

}  // namespace cuda_emulator
