#include "launch.hpp"

#include "gpu.hpp"
#include "library_call.hpp"
#include "race.hpp"

#include <algorithm>
#include <utility>

namespace cuda_emulator {
namespace {

bool can_be_launched(const Gpu& g, const KernelLaunch& kernel) {
    const auto& [blocks, threads] = std::tie(kernel.blocks, kernel.threads);
    const auto limit = g.shared_limits.find(kernel.function);
    return threads.x > 0 && threads.y > 0 && threads.z > 0 && threads.z <= limits::threads_z &&
           threads.x <= limits::threads && threads.y <= limits::threads &&
           threads.x * threads.y * threads.z <= limits::threads && blocks.x > 0 && blocks.y > 0 &&
           blocks.z > 0 && blocks.x <= limits::blocks_x && blocks.y <= limits::blocks_yz &&
           blocks.z <= limits::blocks_yz &&
           kernel.shared_bytes <= (limit == g.shared_limits.end() ? limits::shared : limit->second);
}

/// Calls `visit(begin, bytes)` for each run of bytes.
template <class Visit>
void for_each_run(std::span<const Range> ranges, Visit visit) {
    for (const Range& range : ranges)
        for (std::size_t row = 0; row < range.rows && range.bytes > 0; ++row)
            visit(static_cast<const char*>(range.begin) + row * range.stride, range.bytes);
}

std::size_t counted_bytes(std::span<const Range> ranges) {
    std::size_t sum = 0;
    for (const Range& range : ranges) sum += range.counted ? range.rows * range.bytes : 0;
    return sum;
}

Failure run_library_function(const std::string& name, std::span<const Range> reads,
                             std::span<const Range> writes, const std::function<void()>& work) {
    Gpu& g = gpu();
    ++g.counts.library_calls[name];
    Failure failure;
    const auto check = [&](const char* what, std::span<const Range> ranges) {
        for_each_run(ranges, [&](const char* begin, std::size_t bytes) {
            if (failure.code != cudaSuccess) return;
            if (!g.memory.holds(begin, bytes) || g.memory.is_of_another_gpu(begin, g.running))
                failure = {cudaErrorIllegalAddress,
                           what + std::to_string(bytes) + " bytes from " + g.memory.describe(begin) + " on"};
        });
    };
    check("reads ", reads);
    check("writes ", writes);
    if (failure.code != cudaSuccess) return failure;
    for_each_run(reads, [&](const char* begin, std::size_t bytes) {
        if (const void* at = race::unwritten(begin, bytes); at != nullptr && failure.code == cudaSuccess)
            failure = {cudaErrorLaunchFailure,
                       "reads " + g.memory.describe(at) + ", which was never written"};
    });
    if (failure.code != cudaSuccess) return failure;
    work();
    ++g.counts.library_functions;
    ++g.counts.launches_by_gpu[g.running];
    KernelBytes& moved = g.counts.kernel_bytes[name];
    moved.reads += counted_bytes(reads);
    moved.writes += counted_bytes(writes);
    for_each_run(writes, [](const char* begin, std::size_t bytes) { race::written(begin, bytes); });
    if (std::string overrun = g.memory.overrun(); !overrun.empty())
        return {cudaErrorIllegalAddress, std::move(overrun)};
    return {};
}

}  // namespace

cudaError_t launch(KernelLaunch kernel, cudaStream_t stream) {
    return runtime_call(Call::launch, cudaErrorLaunchOutOfResources, [&](Gpu& g) {
        if (!can_be_launched(g, kernel)) return cudaErrorInvalidConfiguration;
        if (g.knows(stream) && g.get(stream).capture == cudaStreamCaptureStatusNone)
            ++g.counts.kernels_started;
        std::string name = kernel.name;
        const void* function = kernel.function;
        return g.submit_kernel(stream, {cudaGraphNodeTypeKernel, function, std::move(name),
                                        [kernel = std::move(kernel)] { return run_kernel(kernel); }});
    });
}

bool library_call(const char* name, cudaStream_t stream, std::span<const Range> reads,
                  std::span<const Range> writes, std::function<void()> work) {
    // cuBLAS and cuDNN launch ordinary kernels; which ones is unknown, and a graph update may exchange them.
    return runtime_call(Call::library, cudaErrorLaunchOutOfResources, [&](Gpu& g) {
               return g.submit_kernel(
                   stream, {cudaGraphNodeTypeKernel, nullptr, name,
                            [name = std::string(name), reads = std::vector(reads.begin(), reads.end()),
                             writes = std::vector(writes.begin(), writes.end()), work = std::move(work)] {
                                return run_library_function(name, reads, writes, work);
                            }});
           }) == cudaSuccess;
}

bool library_host_call(const char* name) {
    return runtime_call(Call::library, cudaErrorMemoryAllocation, [&](Gpu& g) {
               ++g.counts.library_calls[name];
               return cudaSuccess;
           }) == cudaSuccess;
}

}  // namespace cuda_emulator
