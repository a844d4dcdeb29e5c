#pragma once
// The emulated GPUs: their memory, their streams, and what has gone wrong. Everything that the runtime's
// functions share.
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

/// Something the GPU is to do: an element of a stream, and a node of a graph.
struct CUgraphNode_st {
    cudaGraphNodeType type;
    const void* function = nullptr;  ///< the kernel's
    std::string name;
    std::function<cuda_emulator::Failure()> run;
    std::function<void()> queued = {};  ///< what shows on the host as soon as it is in a stream
    int gpu = -1;                       ///< where it runs: that of the stream it was first put into
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
    std::size_t begun = 0, queued = 0;  ///< how much of it since its creation
    cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;
    std::thread::id capture_thread;     ///< that began the capture
    std::unique_ptr<CUgraph_st> graph;  ///< that is being captured
};

struct CUevent_st {
    int gpu = cuda_emulator::current_gpu();
    bool timing = true, recorded = false, done = false, captured = false;
    cudaStream_t stream = nullptr;
    std::size_t position = 0;  ///< behind it in the stream's queue
    std::chrono::steady_clock::time_point time;
};

namespace cuda_emulator {

namespace limits {  // of an H100
inline constexpr std::size_t threads = 1024, threads_z = 64, blocks_x = 0x7fffffff, blocks_yz = 65535;
inline constexpr std::size_t shared = 48 << 10, shared_on_request = 227 << 10;
inline constexpr int multiprocessors = 132, threads_of_multiprocessor = 2048, l2_cache = 50 << 20, major = 9,
                     minor = 0;
}  // namespace limits

/// What each GPU has for itself.
struct Board {
    CUstream_st default_stream;
    Failure failure;  ///< of a kernel: the GPU answers every call with it from then on
};

/// What each thread of the host has for itself.
struct Thread {
    int gpu = 0;  ///< the current one
    cudaError_t last_error = cudaSuccess;
};
Thread& this_thread();

/// All of them.
struct Gpu {
    std::recursive_mutex mutex;
    int count = 1;
    std::deque<Board> boards = std::deque<Board>(1);  ///< one at least
    int running = 0;                                  ///< the GPU whose work runs
    DeviceMemory memory;                              ///< of all GPUs, in one range of addresses
    std::map<const void*, std::size_t> pinned;        ///< bytes of the host's page-locked memory, by address
    std::set<cudaStream_t> streams;
    std::set<cudaEvent_t> events;
    std::set<cudaGraph_t> graphs;
    std::set<cudaGraphExec_t> executables;
    std::map<const void*, std::size_t> shared_limits;  ///< of kernels that were given more than 48 KiB

    Order order = Order::forward;
    std::uint32_t seed = 0;
    Counts counts;
    std::chrono::nanoseconds
        time{};  ///< that the clock of events is ahead of the host's: work pretends to last
    std::thread::id counting_thread = std::this_thread::get_id();  ///< that reset the counts

    bool is_pinned(const void* begin, std::size_t bytes) const;
    bool knows(cudaStream_t stream) const { return stream == nullptr || streams.contains(stream); }
    Board& board(int gpu) { return boards[static_cast<std::size_t>(gpu)]; }
    Board& here() { return board(current_gpu()); }
    CUstream_st& get(cudaStream_t stream) { return stream == nullptr ? here().default_stream : *stream; }
    cudaError_t failure_of(cudaStream_t stream) { return board(get(stream).gpu).failure.code; }

    /// Puts work into a stream, or into the graph that is captured from it.
    cudaError_t submit(cudaStream_t stream, CUgraphNode_st work);
    /// The same for kernels: the stream must belong to the current GPU.
    cudaError_t submit_kernel(cudaStream_t stream, CUgraphNode_st work);
    /// Runs a stream's work as far as `position`; without one all that is in it.
    void run(CUstream_st& stream, std::size_t position);
    void run(CUstream_st& stream) { run(stream, stream.queued); }
    void run_all(int gpu);

    /// What cannot be captured was called: captures that forbid it become invalid, global ones and those of
    /// this thread, or of all threads. Returns whether there was one.
    bool spoil_captures(bool of_all_threads = false);
};
Gpu& gpu();

/// Runs a kernel's blocks.
Failure run_kernel(const KernelLaunch& kernel);

/// The code with which this call has to fail because a test wants it, or `cudaSuccess`.
cudaError_t injected_fault(Call call, cudaError_t usual);

/// What every function of the runtime does: answers the error of a current GPU that has failed, or the one a
/// test has injected; else calls `body`, and keeps its error for cudaGetLastError.
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
