#include "gpu.hpp"

#include "library_call.hpp"
#include "race.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

namespace cuda_emulator {

Gpu& gpu() {
    static Gpu* const the_gpu = new Gpu;  // never destroyed: static destructors may still free GPU memory
    return *the_gpu;
}

Thread& this_thread() {
    thread_local Thread thread;
    return thread;
}
int current_gpu() { return this_thread().gpu; }
int gpu_of(cudaStream_t stream) {
    const std::lock_guard lock(gpu().mutex);
    return gpu().get(stream).gpu;
}

bool Gpu::is_pinned(const void* begin, std::size_t bytes) const {
    auto found = pinned.upper_bound(begin);
    if (found == pinned.begin()) return false;
    --found;
    const auto offset =
        static_cast<std::size_t>(static_cast<const char*>(begin) - static_cast<const char*>(found->first));
    return offset <= found->second && bytes <= found->second - offset;
}

cudaError_t Gpu::submit(cudaStream_t handle, CUgraphNode_st work) {
    if (!knows(handle)) return cudaErrorInvalidResourceHandle;
    CUstream_st& stream = get(handle);
    if (work.gpu < 0) work.gpu = stream.gpu;
    if (stream.capture == cudaStreamCaptureStatusInvalidated) return cudaErrorStreamCaptureInvalidated;
    if (stream.capture == cudaStreamCaptureStatusActive) {
        stream.graph->nodes.push_back(std::make_unique<CUgraphNode_st>(std::move(work)));
        return cudaSuccess;
    }
    if (handle == nullptr) {
        for (const cudaStream_t other : streams)
            if (other->gpu == stream.gpu && other->waits_for_default) {
                if (other->capture != cudaStreamCaptureStatusNone) {
                    other->capture = cudaStreamCaptureStatusInvalidated;
                    return cudaErrorStreamCaptureImplicit;
                }
                run(*other);
            }
    } else if (stream.waits_for_default) {
        run(board(stream.gpu).default_stream);
    }
    if (const cudaError_t failed = board(stream.gpu).failure.code; failed != cudaSuccess) return failed;
    if (work.queued) work.queued();
    stream.queue.push_back(std::move(work));
    ++stream.queued;
    return cudaSuccess;
}

cudaError_t Gpu::submit_kernel(cudaStream_t handle, CUgraphNode_st work) {
    if (knows(handle) && get(handle).gpu != current_gpu()) return cudaErrorInvalidResourceHandle;
    return submit(handle, std::move(work));
}

void Gpu::run(CUstream_st& stream, std::size_t position) {
    const int before = running;
    memory.open();
    while (stream.begun < position && !stream.queue.empty()) {
        const CUgraphNode_st work = std::move(stream.queue.front());
        stream.queue.pop_front();
        ++stream.begun;
        running = work.gpu;
        Failure& failure = board(work.gpu).failure;
        if (failure.code != cudaSuccess) continue;  // nothing runs any more
        failure = work.run();
        if (failure.code != cudaSuccess) failure.text = "[" + work.name + "] " + failure.text;
    }
    running = before;
    memory.close();
}

void Gpu::run_all(int gpu) {
    run(board(gpu).default_stream);
    for (const cudaStream_t stream : streams)
        if (stream->gpu == gpu) run(*stream);
}

bool Gpu::spoil_captures(bool of_all_threads) {
    bool any = false;
    for (const cudaStream_t stream : streams)
        if (stream->capture != cudaStreamCaptureStatusNone &&
            (of_all_threads || stream->capture_mode == cudaStreamCaptureModeGlobal ||
             (stream->capture_mode == cudaStreamCaptureModeThreadLocal &&
              stream->capture_thread == std::this_thread::get_id()))) {
            stream->capture = cudaStreamCaptureStatusInvalidated;
            any = true;
        }
    return any;
}

namespace {
/// The numbers 0 ... size - 1 in the order set by the test.
std::vector<unsigned> make_order(const Gpu& g, std::size_t size) {
    std::vector<unsigned> numbers(size);
    std::iota(numbers.begin(), numbers.end(), 0u);
    if (g.order == Order::reverse) std::reverse(numbers.begin(), numbers.end());
    if (g.order == Order::shuffled) std::shuffle(numbers.begin(), numbers.end(), std::mt19937(g.seed));
    return numbers;
}
}  // namespace

Failure run_kernel(const KernelLaunch& kernel) {
    Gpu& g = gpu();
    ++g.counts.launches[kernel.name];
    ++g.counts.launches_by_gpu[g.running];
    for (std::size_t i = 0; i < kernel.pointers.size(); ++i) {
        const void* pointer = kernel.pointers[i];
        if (pointer != nullptr && !g.memory.owns(pointer) && !g.is_pinned(pointer, 0))
            return {cudaErrorIllegalAddress,
                    "pointer " + std::to_string(i + 1) + " of its parameters is of the host"};
        if (pointer != nullptr && g.memory.is_of_another_gpu(pointer, g.running))
            return {cudaErrorIllegalAddress,
                    "pointer " + std::to_string(i + 1) + " of its parameters is of another GPU"};
    }
    const auto threads = make_order(g, std::size_t{kernel.threads.x} * kernel.threads.y * kernel.threads.z);
    const auto blocks = make_order(g, std::size_t{kernel.blocks.x} * kernel.blocks.y * kernel.blocks.z);
    const GuardedMemory shared(kernel.shared_bytes);
    race::begin_launch(kernel);
    if (!kernel.accesses_are_told) g.memory.assume_written();
    for (const unsigned block : blocks) {
        shared.fill();
        race::begin_block(shared.data(), kernel.shared_bytes);
        const uint3 index{block % kernel.blocks.x, block / kernel.blocks.x % kernel.blocks.y,
                          block / (kernel.blocks.x * kernel.blocks.y)};
        Failure failure = run_block(kernel, index, threads, shared.data());
        if (failure.code == cudaSuccess && shared.overrun())
            failure = {
                cudaErrorIllegalAddress,
                "something was written behind the dynamic shared memory, in block " + std::to_string(block)};
        if (failure.code != cudaSuccess) return failure;
    }
    if (std::string overrun = g.memory.overrun(); !overrun.empty())
        return {cudaErrorIllegalAddress, std::move(overrun)};
    return {};
}

Counts counts() {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    g.counts.live_allocations = g.memory.live_allocations();
    g.counts.live_bytes = g.memory.live_bytes();
    g.counts.live_host_bytes = 0;
    for (const auto& [memory, bytes] : g.pinned) g.counts.live_host_bytes += bytes;
    return g.counts;
}

void reset_counts() {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    g.counts = {};
    g.counting_thread = std::this_thread::get_id();
}

void set_order(Order order, std::uint32_t seed) {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    g.order = order;
    g.seed = seed;
}

void set_memory(std::size_t bytes) {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    g.memory.set_size(bytes);
}

const std::string& last_report() {
    for (const Board& board : gpu().boards)
        if (board.failure.code != cudaSuccess) return board.failure.text;
    return gpu().boards.front().failure.text;
}

void set_gpu_count(int count) {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    g.boards.resize(static_cast<std::size_t>(std::max(count, 1)));
    for (std::size_t i = 0; i < g.boards.size(); ++i) g.boards[i].default_stream.gpu = static_cast<int>(i);
    g.count = count;
    if (this_thread().gpu >= count) this_thread().gpu = 0;
}

}  // namespace cuda_emulator
