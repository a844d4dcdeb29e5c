// CUDA's runtime: memory.
#include "race.hpp"
#include "runtime_call.hpp"

#include <cstdlib>
#include <cstring>
#include <utility>

using namespace cuda_emulator;

namespace {

enum class Side { host, pinned, device };

struct Copy {
    void* to;
    const void* from;
    std::size_t bytes;
    Side from_side, to_side;
};

/// Determines where both ends are. Errors: an invalid direction; an end that contradicts the direction;
/// memory that is not inside one live allocation.
cudaError_t find_sides(const Gpu& g, Copy& copy, cudaMemcpyKind kind) {
    if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
    const auto side = [&](const void* memory) {
        return g.memory.owns(memory) ? Side::device : g.is_pinned(memory, 0) ? Side::pinned : Side::host;
    };
    copy.from_side = side(copy.from);
    copy.to_side = side(copy.to);
    const bool from_device = copy.from_side == Side::device, to_device = copy.to_side == Side::device;
    if (kind != cudaMemcpyDefault) {
        if (from_device != (kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice))
            return invalid;
        if (to_device != (kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice)) return invalid;
    }
    if (from_device && !g.memory.holds(copy.from, copy.bytes)) return invalid;
    if (to_device && !g.memory.holds(copy.to, copy.bytes)) return invalid;
    if (copy.from_side == Side::pinned && !g.is_pinned(copy.from, copy.bytes)) return invalid;
    if (copy.to_side == Side::pinned && !g.is_pinned(copy.to, copy.bytes)) return invalid;
    return cudaSuccess;
}

Failure run_copy(const Copy& copy) {
    Counts& counts = gpu().counts;
    const bool from_device = copy.from_side == Side::device, to_device = copy.to_side == Side::device;
    if (from_device || to_device) {
        CopyCounts& counted = !from_device ? counts.host_to_device
                              : to_device  ? counts.device_to_device
                                           : counts.device_to_host;
        ++counted.calls;
        counted.bytes += copy.bytes;
    }
    std::memmove(copy.to, copy.from, copy.bytes);
    if (from_device && to_device)
        race::copied(copy.to, copy.from, copy.bytes);
    else if (to_device)
        race::written(copy.to, copy.bytes);
    return {};
}

cudaError_t copy_async(Gpu& g, Copy copy, cudaMemcpyKind kind, cudaStream_t stream) {
    if (copy.bytes == 0) return g.knows(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle;
    if (copy.to == nullptr || copy.from == nullptr) return invalid;
    if (const cudaError_t code = find_sides(g, copy, kind); code != cudaSuccess) return code;
    CUgraphNode_st work{cudaGraphNodeTypeMemcpy, nullptr, "cudaMemcpyAsync",
                        [copy] { return run_copy(copy); }};
    const bool captured = g.knows(stream) && g.get(stream).capture != cudaStreamCaptureStatusNone;
    if (copy.from_side == Side::host && copy.to_side == Side::device && !captured) {
        // CUDA has read pageable host memory by the time it returns.
        const auto* bytes = static_cast<const char*>(copy.from);
        auto staged = std::make_shared<const std::vector<char>>(bytes, bytes + copy.bytes);
        work.run = [copy, staged] {
            return run_copy({copy.to, staged->data(), copy.bytes, copy.from_side, copy.to_side});
        };
    }
    if (copy.to_side == Side::pinned) {
        // A read before the copy completes yields NaN.
        work.queued = [copy] { std::memset(copy.to, 0xFF, copy.bytes); };
    }
    const cudaError_t code = g.submit(stream, std::move(work));
    if (code != cudaSuccess || captured) return code;
    // Copies to pageable host memory are complete when CUDA returns.
    if (copy.to_side == Side::host) g.run(g.get(stream));
    return g.failure_of(stream);
}

cudaError_t fill_async(Gpu& g, void* memory, int value, std::size_t bytes, cudaStream_t stream) {
    if (bytes == 0) return g.knows(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle;
    if (!g.memory.holds(memory, bytes) && !g.is_pinned(memory, bytes)) return invalid;
    if (g.knows(stream) && g.memory.is_of_another_gpu(memory, g.get(stream).gpu)) return invalid;
    return g.submit(stream, {cudaGraphNodeTypeMemset, nullptr, "cudaMemsetAsync", [=] {
                                 ++gpu().counts.fills;
                                 std::memset(memory, value, bytes);
                                 race::written(memory, bytes);
                                 return Failure{};
                             }});
}

cudaError_t allocate_host(void** memory, std::size_t bytes) {
    return runtime_call(Call::allocation, cudaErrorMemoryAllocation, [&](Gpu& g) {
        if (memory == nullptr) return invalid;
        return outside_of_captures(g, [&] {
            *memory = nullptr;
            if (bytes == 0) return cudaSuccess;
            void* const made = std::malloc(bytes);
            if (made == nullptr) return cudaErrorMemoryAllocation;
            std::memset(made, 0xFF, bytes);
            g.pinned[made] = bytes;
            ++g.counts.host_allocations;
            *memory = made;
            return cudaSuccess;
        });
    });
}

}  // namespace

extern "C" {

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
    return runtime_call(Call::allocation, cudaErrorMemoryAllocation, [&](Gpu& g) {
        if (memory == nullptr) return invalid;
        return outside_of_captures(g, [&] {
            *memory = nullptr;
            if (bytes == 0) return cudaSuccess;
            *memory = g.memory.allocate(bytes, current_gpu());
            if (*memory == nullptr) return cudaErrorMemoryAllocation;
            ++g.counts.allocations;
            return cudaSuccess;
        });
    });
}

cudaError_t cudaFree(void* memory) {
    return release_call([&](Gpu& g) {
        if (memory == nullptr) return cudaSuccess;
        return outside_of_captures(g, [&] {
            if (const auto owner = g.memory.gpu_of(memory)) g.run_all(*owner);  // cudaFree waits for the GPU
            if (!g.memory.release(memory)) return invalid;
            ++g.counts.frees;
            return cudaSuccess;
        });
    });
}

cudaError_t cudaMallocHost(void** memory, std::size_t bytes) { return allocate_host(memory, bytes); }
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) { return allocate_host(memory, bytes); }

cudaError_t cudaFreeHost(void* memory) {
    return release_call([&](Gpu& g) {
        if (memory == nullptr) return cudaSuccess;
        return outside_of_captures(g, [&] {
            for (int i = 0; i < g.count; ++i) g.run_all(i);
            if (g.pinned.erase(memory) == 0) return invalid;
            std::free(memory);
            ++g.counts.host_frees;
            return cudaSuccess;
        });
    });
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
    return query_call([&](Gpu& g) {
        if (free == nullptr || total == nullptr) return invalid;
        *total = g.memory.size();
        *free = g.memory.free_bytes(current_gpu());
        return cudaSuccess;
    });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
    return runtime_call(Call::copy, cudaErrorUnknown,
                        [&](Gpu& g) { return copy_async(g, {to, from, bytes, {}, {}}, kind, stream); });
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return runtime_call(Call::copy, cudaErrorUnknown, [&](Gpu& g) {
        return outside_of_captures(g, [&] {
            const cudaError_t code = copy_async(g, {to, from, bytes, {}, {}}, kind, nullptr);
            return code != cudaSuccess
                       ? code
                       : synchronize(g, current_gpu(), [&] { g.run(g.here().default_stream); });
        });
    });
}

cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
    return runtime_call(Call::copy, cudaErrorUnknown,
                        [&](Gpu& g) { return fill_async(g, memory, value, bytes, stream); });
}

cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
    return runtime_call(Call::copy, cudaErrorUnknown, [&](Gpu& g) {
        return outside_of_captures(g, [&] { return fill_async(g, memory, value, bytes, nullptr); });
    });
}

}  // extern "C"
