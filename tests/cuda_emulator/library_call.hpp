#pragma once
// Common base of the emulator's cuBLAS and cuDNN: their work enters a stream and is counted, captured and
// made to fail like a kernel.
#include <cstddef>
#include <functional>
#include <span>

#include <cuda_runtime.h>

namespace cuda_emulator {

/// The thread's current GPU, and the GPU of a stream.
int current_gpu();
int gpu_of(cudaStream_t stream);

/// Memory that a call reads or writes: `rows` runs of `bytes`, which start `stride` bytes apart.
struct Range {
    const void* begin = nullptr;
    std::size_t bytes = 0;
    std::size_t rows = 1;
    std::size_t stride = 0;
    bool counted = true;  ///< false: workspace, whose traffic is unknown
};

/// Queues `work` of a library function `name` in `stream`, or records it if the stream is capturing. It runs
/// at the next synchronisation, once per graph launch. The caller copies host arguments (alpha, beta,
/// descriptors) into `work`. When it runs, `reads` and `writes` must be in live memory of the stream's GPU,
/// and `reads` must have been written; otherwise the GPU fails as for an illegal address. Returns false, with
/// nothing queued, if the library must report that its kernels could not be launched: a fault was injected,
/// the GPU failed earlier, or the stream belongs to another GPU than the current one.
[[nodiscard]] bool library_call(const char* name, cudaStream_t stream, std::span<const Range> reads,
                                std::span<const Range> writes, std::function<void()> work);

/// Counts a call that launches no work (creating a handle or descriptor, choosing an algorithm). Returns
/// false if a fault was injected: the library then reports that memory ran out.
[[nodiscard]] bool library_host_call(const char* name);

}  // namespace cuda_emulator
