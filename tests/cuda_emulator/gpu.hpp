#pragma once
// The emulated GPUs: memory, streams and failures; the state that the runtime's functions share.
#include "counts.hpp"
#include "device_memory.hpp"
#include "faults.hpp"
#include "guarded_memory.hpp"
#include "launch.hpp"
#include "library_call.hpp"
#include "options.hpp"
#include "run_block.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <cuda_runtime.h>

// The types behind CUDA's handles.

/// A unit of GPU work: an element of a stream or a node of a graph.
struct CUgraphNode_st {
    cudaGraphNodeType type;
    const void* function = nullptr;  ///< the kernel's
    std::string name;
    std::function<cuda_emulator::Failure()> run;
    std::function<void()> queued = {};  ///< effects on the host that are visible as soon as it is queued
    int gpu = -1;                       ///< where it runs: the GPU of the first stream it was put into
};

struct CUgraph_st {
    std::vector<std::unique_ptr<CUgraphNode_st>> nodes;
};

struct CUgraphExec_st {
    std::vector<CUgraphNode_st> nodes;
};

struct CUstream_st {
    int gpu = cuda_emulator::current_gpu();
    bool waits_for_default = true;
    std::deque<CUgraphNode_st> queue;
    std::size_t begun = 0, queued = 0;  ///< counts of work items since creation
    cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;
    std::thread::id capture_thread;     ///< the one that began the capture
    std::unique_ptr<CUgraph_st> graph;  ///< the one being captured
};

struct CUevent_st {
    int gpu = cuda_emulator::current_gpu();
    bool timing = true, recorded = false, done = false, captured = false;
    cudaStream_t stream = nullptr;
    std::size_t position = 0;  ///< in the stream's queue, just after the event
    std::chrono::steady_clock::time_point time;
};

namespace cuda_emulator {

namespace limits {  // of an H100
inline constexpr std::size_t threads = 1024, threads_z = 64, blocks_x = 0x7fffffff, blocks_yz = 65535;
inline constexpr std::size_t shared = 48 << 10, shared_on_request = 227 << 10;
inline constexpr int multiprocessors = 132, threads_of_multiprocessor = 2048, l2_cache = 50 << 20, major = 9,
                     minor = 0;
}  // namespace limits

/// State of each GPU.
struct Board {
    CUstream_st default_stream;
    Failure failure;  ///< of a kernel; from then on the GPU returns it from every call
};

/// State of each host thread.
struct Thread {
    int gpu = 0;  ///< the current one
    cudaError_t last_error = cudaSuccess;
};
Thread& this_thread();

/// State of all GPUs.
struct Gpu {
    std::recursive_mutex mutex;
    int count = 1;
    std::deque<Board> boards = std::deque<Board>(1);  ///< at least one
    int running = 0;                                  ///< the GPU whose work is running
    DeviceMemory memory;                              ///< of all GPUs, in one address range
    std::map<const void*, std::size_t> pinned;        ///< sizes of page-locked host memory by address
    std::set<cudaStream_t> streams;
    std::set<cudaEvent_t> events;
    std::set<cudaGraph_t> graphs;
    std::set<cudaGraphExec_t> executables;
    std::map<const void*, std::size_t> shared_limits;  ///< of kernels that were granted more than 48 KiB

    Order order = Order::forward;
    std::uint32_t seed = 0;
    Counts counts;
    std::chrono::nanoseconds
        time{};  ///< offset of the event clock from the host's: work only pretends to take time
    std::thread::id counting_thread = std::this_thread::get_id();  ///< the one that reset the counts

    bool is_pinned(const void* begin, std::size_t bytes) const;
    bool knows(cudaStream_t stream) const { return stream == nullptr || streams.contains(stream); }
    Board& board(int gpu) { return boards[static_cast<std::size_t>(gpu)]; }
    Board& here() { return board(current_gpu()); }
    CUstream_st& get(cudaStream_t stream) { return stream == nullptr ? here().default_stream : *stream; }
    cudaError_t failure_of(cudaStream_t stream) { return board(get(stream).gpu).failure.code; }

    /// Adds work to a stream, or to the graph that it captures.
    cudaError_t submit(cudaStream_t stream, CUgraphNode_st work);
    /// The same for kernels: the stream must belong to the current GPU.
    cudaError_t submit_kernel(cudaStream_t stream, CUgraphNode_st work);
    /// Runs a stream's work up to `position`, by default all of it.
    void run(CUstream_st& stream, std::size_t position);
    void run(CUstream_st& stream) { run(stream, stream.queued); }
    void run_all(int gpu);

    /// Handles a call that cannot be captured: invalidates the captures that forbid it, that is global ones
    /// and those of this thread, or those of all threads. Returns whether there was one.
    bool spoil_captures(bool of_all_threads = false);
};
Gpu& gpu();

/// Runs a kernel's blocks.
Failure run_kernel(const KernelLaunch& kernel);

/// The code with which this call must fail because of an injected fault, or `cudaSuccess`.
cudaError_t injected_fault(Call call, cudaError_t usual);

/// Wrapper of every runtime function: returns the error of a current GPU that has failed or an injected
/// error; else calls `body` and records its error for cudaGetLastError.
template <class Body>
cudaError_t runtime_call(Call call, cudaError_t usual, Body body) {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    cudaError_t code = injected_fault(call, usual);
    if (const cudaError_t failed = g.here().failure.code; failed != cudaSuccess) code = failed;
    if (code == cudaSuccess) code = body(g);
    if (code != cudaSuccess && code != cudaErrorNotReady) this_thread().last_error = code;
    return code;
}

}  // namespace cuda_emulator
