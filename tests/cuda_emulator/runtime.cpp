// The functions of CUDA's runtime that gantry calls. They check their arguments and answer as the real ones
// do; work that the real ones put into a stream waits in the stream until the host synchronises, so that a
// host that does not is found out.
#include "gpu.hpp"
#include "race.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <cuda_runtime.h>

using namespace cuda_emulator;

namespace {

constexpr auto invalid = cudaErrorInvalidValue;

/// For what CUDA forbids while a stream is captured.
template <class Body>
cudaError_t outside_of_captures(Gpu& g, Body body) {
    return g.spoil_captures() ? cudaErrorStreamCaptureUnsupported : body();
}

/// Lets the host wait for `body` to run things, then says whether the GPU has failed.
template <class Body>
cudaError_t synchronize(Gpu& g, Body body) {
    ++g.counts.synchronizations;
    body();
    return g.failure.code;
}

enum class Side { host, pinned, device };

struct Copy {
    void* to;
    const void* from;
    std::size_t bytes;
    Side from_side, to_side;
};

/// Where both ends lie. Errors: a direction that is none; an end that is not where the direction says; memory
/// that is not one live allocation from begin to end.
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
        // CUDA has taken what lies in ordinary memory of the host when it returns.
        const auto* bytes = static_cast<const char*>(copy.from);
        auto staged = std::make_shared<const std::vector<char>>(bytes, bytes + copy.bytes);
        work.run = [copy, staged] {
            return run_copy({copy.to, staged->data(), copy.bytes, copy.from_side, copy.to_side});
        };
    }
    if (copy.to_side == Side::pinned) {
        // Whoever reads it before the copy is done reads NaN.
        work.queued = [copy] { std::memset(copy.to, 0xFF, copy.bytes); };
    }
    const cudaError_t code = g.submit(stream, std::move(work));
    if (code != cudaSuccess || captured) return code;
    // Copies to ordinary memory of the host are done when CUDA returns.
    if (copy.to_side == Side::host) g.run(g.get(stream));
    return g.failure.code;
}

cudaError_t fill_async(Gpu& g, void* memory, int value, std::size_t bytes, cudaStream_t stream) {
    if (bytes == 0) return g.knows(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle;
    if (!g.memory.holds(memory, bytes) && !g.is_pinned(memory, bytes)) return invalid;
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

/// A function that gives something back does so even if the GPU has failed, and never fails on purpose.
template <class Body>
cudaError_t release_call(Body body) {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    cudaError_t code = body(g);
    if (g.failure.code != cudaSuccess) code = g.failure.code;
    if (code != cudaSuccess) g.last_error = code;
    return code;
}

/// For calls that only ask.
template <class Body>
cudaError_t query_call(Body body) {
    const std::lock_guard lock(gpu().mutex);
    const cudaError_t code = body(gpu());
    if (code != cudaSuccess) gpu().last_error = code;
    return code;
}

}  // namespace

extern "C" {

// Devices

cudaError_t cudaGetDeviceCount(int* count) {
    return runtime_call(Call::other, cudaErrorInsufficientDriver, [&](Gpu&) {
        if (count == nullptr) return invalid;
        *count = 1;
        return cudaSuccess;
    });
}

cudaError_t cudaSetDevice(int device) {
    return runtime_call(Call::other, cudaErrorInitializationError,
                        [&](Gpu&) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; });
}

cudaError_t cudaGetDevice(int* device) {
    return query_call([&](Gpu&) {
        if (device == nullptr) return invalid;
        *device = 0;
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    return query_call([&](Gpu&) {
        if (device != 0) return cudaErrorInvalidDevice;
        if (value == nullptr) return invalid;
        switch (attribute) {
            case cudaDevAttrMaxThreadsPerBlock:
            case cudaDevAttrMaxBlockDimX:
            case cudaDevAttrMaxBlockDimY:
                *value = limits::threads;
                break;
            case cudaDevAttrMaxBlockDimZ:
                *value = limits::threads_z;
                break;
            case cudaDevAttrMaxGridDimX:
                *value = limits::blocks_x;
                break;
            case cudaDevAttrMaxGridDimY:
            case cudaDevAttrMaxGridDimZ:
                *value = limits::blocks_yz;
                break;
            case cudaDevAttrMaxSharedMemoryPerBlock:
                *value = limits::shared;
                break;
            case cudaDevAttrMaxSharedMemoryPerBlockOptin:
                *value = limits::shared_on_request;
                break;
            case cudaDevAttrWarpSize:
                *value = 32;
                break;
            case cudaDevAttrMultiProcessorCount:
                *value = limits::multiprocessors;
                break;
            case cudaDevAttrMaxThreadsPerMultiProcessor:
                *value = limits::threads_of_multiprocessor;
                break;
            case cudaDevAttrL2CacheSize:
                *value = limits::l2_cache;
                break;
            case cudaDevAttrComputeCapabilityMajor:
                *value = limits::major;
                break;
            case cudaDevAttrComputeCapabilityMinor:
                *value = limits::minor;
                break;
            default:
                return invalid;
        }
        return cudaSuccess;
    });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    return query_call([&](Gpu&) {
        if (device != 0) return cudaErrorInvalidDevice;
        if (properties == nullptr) return invalid;
        *properties = {};
        std::strcpy(properties->name, "gantry's emulator");
        properties->totalGlobalMem = DeviceMemory::capacity;
        properties->sharedMemPerBlock = limits::shared;
        properties->sharedMemPerBlockOptin = limits::shared_on_request;
        properties->warpSize = 32;
        properties->maxThreadsPerBlock = limits::threads;
        properties->maxThreadsDim[0] = properties->maxThreadsDim[1] = limits::threads;
        properties->maxThreadsDim[2] = limits::threads_z;
        properties->maxGridSize[0] = limits::blocks_x;
        properties->maxGridSize[1] = properties->maxGridSize[2] = limits::blocks_yz;
        properties->major = limits::major;
        properties->minor = limits::minor;
        properties->multiProcessorCount = limits::multiprocessors;
        properties->maxThreadsPerMultiProcessor = limits::threads_of_multiprocessor;
        properties->l2CacheSize = limits::l2_cache;
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceSynchronize() {
    return runtime_call(Call::other, cudaErrorUnknown, [](Gpu& g) {
        return outside_of_captures(g, [&] { return synchronize(g, [&] { g.run_all(); }); });
    });
}

cudaError_t cudaDriverGetVersion(int* version) {
    return query_call([&](Gpu&) {
        if (version == nullptr) return invalid;
        *version = 13000;
        return cudaSuccess;
    });
}

cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }

// Errors

cudaError_t cudaGetLastError() {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    return g.failure.code != cudaSuccess ? g.failure.code : std::exchange(g.last_error, cudaSuccess);
}

cudaError_t cudaPeekAtLastError() {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    return g.failure.code != cudaSuccess ? g.failure.code : g.last_error;
}

// Memory

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
    return runtime_call(Call::allocation, cudaErrorMemoryAllocation, [&](Gpu& g) {
        if (memory == nullptr) return invalid;
        return outside_of_captures(g, [&] {
            *memory = nullptr;
            if (bytes == 0) return cudaSuccess;
            *memory = g.memory.allocate(bytes);
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
            g.run_all();  // cudaFree waits for the GPU
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
            g.run_all();
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
        *total = DeviceMemory::capacity;
        *free = DeviceMemory::capacity - g.memory.live_bytes();
        return cudaSuccess;
    });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
    return runtime_call(Call::copy, cudaErrorUnknown, [&](Gpu& g) {
        return copy_async(g, {to, from, bytes, {}, {}}, kind, stream);
    });
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return runtime_call(Call::copy, cudaErrorUnknown, [&](Gpu& g) {
        return outside_of_captures(g, [&] {
            const cudaError_t code = copy_async(g, {to, from, bytes, {}, {}}, kind, nullptr);
            return code != cudaSuccess ? code : synchronize(g, [&] { g.run(g.default_stream); });
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

// Streams

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    return runtime_call(Call::other, cudaErrorMemoryAllocation, [&](Gpu& g) {
        if (stream == nullptr || flags > cudaStreamNonBlocking) return invalid;
        *stream = new CUstream_st;
        (*stream)->waits_for_default = flags != cudaStreamNonBlocking;
        g.streams.insert(*stream);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
    return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    return release_call([&](Gpu& g) {
        if (!g.streams.contains(stream)) return cudaErrorInvalidResourceHandle;
        g.run(*stream);  // what is in it still happens
        g.streams.erase(stream);
        delete stream;
        return cudaSuccess;
    });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (!g.knows(stream)) return cudaErrorInvalidResourceHandle;
        CUstream_st& s = g.get(stream);
        if (s.capture != cudaStreamCaptureStatusNone) {
            s.capture = cudaStreamCaptureStatusInvalidated;
            return cudaErrorStreamCaptureUnsupported;
        }
        return synchronize(g, [&] { g.run(s); });
    });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (!g.knows(stream)) return cudaErrorInvalidResourceHandle;
        return outside_of_captures(g, [&] {
            // Time passes: what is asked for again and again comes to be.
            const bool done = g.get(stream).queue.empty();
            g.run(g.get(stream));
            return g.failure.code != cudaSuccess ? g.failure.code : done ? cudaSuccess : cudaErrorNotReady;
        });
    });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (!g.events.contains(event) || !g.knows(stream)) return cudaErrorInvalidResourceHandle;
        const bool captures = g.get(stream).capture != cudaStreamCaptureStatusNone;
        if (event->captured || captures)
            return cudaErrorNotSupported;  // captures of several streams are not emulated
        if (!event->recorded) return cudaSuccess;
        return g.submit(stream, {cudaGraphNodeTypeEventRecord, nullptr, "cudaStreamWaitEvent",
                                 [&g, other = event->stream, position = event->position] {
                                     if (g.knows(other)) g.run(g.get(other), position);
                                     g.memory.open();
                                     return std::exchange(g.failure, {});
                                 }});
    });
}

// Events

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
    return runtime_call(Call::other, cudaErrorMemoryAllocation, [&](Gpu& g) {
        if (event == nullptr) return invalid;
        *event = new CUevent_st;
        (*event)->timing = (flags & cudaEventDisableTiming) == 0;
        g.events.insert(*event);
        return cudaSuccess;
    });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (!g.events.contains(event) || !g.knows(stream)) return cudaErrorInvalidResourceHandle;
        event->captured = g.get(stream).capture != cudaStreamCaptureStatusNone;
        if (event->captured) return cudaSuccess;
        const cudaError_t code =
            g.submit(stream, {cudaGraphNodeTypeEventRecord, nullptr, "cudaEventRecord", [&g, event] {
                                  if (g.events.contains(event)) {
                                      event->done = true;
                                      event->time = std::chrono::steady_clock::now();
                                  }
                                  return Failure{};
                              }});
        if (code != cudaSuccess) return code;
        event->recorded = true;
        event->done = false;
        event->stream = stream;
        event->position = g.get(stream).queued;
        return cudaSuccess;
    });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (!g.events.contains(event)) return cudaErrorInvalidResourceHandle;
        if (event->captured) return cudaErrorCapturedEvent;
        return synchronize(g, [&] {
            if (event->recorded && g.knows(event->stream)) g.run(g.get(event->stream), event->position);
        });
    });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (!g.events.contains(event)) return cudaErrorInvalidResourceHandle;
        if (event->captured) return cudaErrorCapturedEvent;
        return outside_of_captures(g, [&] {
            const bool done = !event->recorded || event->done;
            if (!done && g.knows(event->stream)) g.run(g.get(event->stream), event->position);
            return g.failure.code != cudaSuccess ? g.failure.code : done ? cudaSuccess : cudaErrorNotReady;
        });
    });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (milliseconds == nullptr) return invalid;
        if (!g.events.contains(start) || !g.events.contains(end)) return cudaErrorInvalidResourceHandle;
        if (!start->timing || !end->timing || !start->recorded || !end->recorded)
            return cudaErrorInvalidResourceHandle;
        if (!start->done || !end->done) return cudaErrorNotReady;
        *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
        return cudaSuccess;
    });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    return release_call([&](Gpu& g) {
        if (g.events.erase(event) == 0) return cudaErrorInvalidResourceHandle;
        delete event;
        return cudaSuccess;
    });
}

// Kernels

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (function == nullptr) return cudaErrorInvalidDeviceFunction;
        if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0) return invalid;
        if (static_cast<std::size_t>(value) > limits::shared_on_request) return invalid;
        g.shared_limits[function] = static_cast<std::size_t>(value);
        return cudaSuccess;
    });
}

// Graphs

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (stream == nullptr) return cudaErrorStreamCaptureUnsupported;
        if (!g.streams.contains(stream)) return cudaErrorInvalidResourceHandle;
        if (stream->capture != cudaStreamCaptureStatusNone) return cudaErrorIllegalState;
        stream->capture = cudaStreamCaptureStatusActive;
        stream->capture_mode = mode;
        stream->graph = std::make_unique<CUgraph_st>();
        return cudaSuccess;
    });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    // A capture that has begun comes to an end, even if the end fails.
    const cudaError_t ended = release_call([&](Gpu& g) {
        if (graph == nullptr) return invalid;
        *graph = nullptr;
        if (!g.streams.contains(stream)) return cudaErrorInvalidResourceHandle;
        const auto status = std::exchange(stream->capture, cudaStreamCaptureStatusNone);
        auto captured = std::move(stream->graph);
        if (status == cudaStreamCaptureStatusNone) return cudaErrorIllegalState;
        if (status == cudaStreamCaptureStatusInvalidated) return cudaErrorStreamCaptureInvalidated;
        const cudaError_t fault = injected_fault(Call::other, cudaErrorStreamCaptureInvalidated);
        if (fault != cudaSuccess) return fault;
        *graph = captured.release();
        g.graphs.insert(*graph);
        return cudaSuccess;
    });
    return ended;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
    return query_call([&](Gpu& g) {
        if (status == nullptr) return invalid;
        if (!g.knows(stream)) return cudaErrorInvalidResourceHandle;
        *status = g.get(stream).capture;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
    return runtime_call(Call::other, cudaErrorMemoryAllocation, [&](Gpu& g) {
        if (executable == nullptr || !g.graphs.contains(graph)) return invalid;
        *executable = new CUgraphExec_st;
        for (const auto& node : graph->nodes) (*executable)->nodes.push_back(*node);
        g.executables.insert(*executable);
        return cudaSuccess;
    });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    return runtime_call(Call::launch, cudaErrorLaunchOutOfResources, [&](Gpu& g) {
        if (!g.executables.contains(executable)) return invalid;
        if (!g.knows(stream)) return cudaErrorInvalidResourceHandle;
        if (g.get(stream).capture != cudaStreamCaptureStatusNone)
            return cudaErrorNotSupported;  // graphs in graphs
        for (const CUgraphNode_st& node : executable->nodes)
            if (const cudaError_t code = g.submit(stream, node); code != cudaSuccess) return code;
        ++g.counts.graph_launches;
        g.counts.graph_nodes += executable->nodes.size();
        return cudaSuccess;
    });
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph,
                                cudaGraphExecUpdateResultInfo* result) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (result == nullptr || !g.executables.contains(executable) || !g.graphs.contains(graph))
            return invalid;
        *result = {cudaGraphExecUpdateSuccess, nullptr, nullptr};
        const auto refuse = [&](cudaGraphExecUpdateResult reason, cudaGraphNode_t node) {
            *result = {reason, node, nullptr};
            return cudaErrorGraphExecUpdateFailure;
        };
        if (executable->nodes.size() != graph->nodes.size())
            return refuse(cudaGraphExecUpdateErrorTopologyChanged, nullptr);
        for (std::size_t i = 0; i < graph->nodes.size(); ++i)
            if (graph->nodes[i]->type != executable->nodes[i].type)
                return refuse(cudaGraphExecUpdateErrorNodeTypeChanged, graph->nodes[i].get());
        for (std::size_t i = 0; i < graph->nodes.size(); ++i) executable->nodes[i] = *graph->nodes[i];
        return cudaSuccess;
    });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
    return query_call([&](Gpu& g) {
        if (count == nullptr || !g.graphs.contains(graph)) return invalid;
        const std::size_t size = graph->nodes.size();
        if (nodes != nullptr) {
            for (std::size_t i = 0; i < *count; ++i) nodes[i] = i < size ? graph->nodes[i].get() : nullptr;
            *count = std::min(*count, size);
        } else {
            *count = size;
        }
        return cudaSuccess;
    });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
    return query_call([&](Gpu&) {
        if (node == nullptr || type == nullptr) return invalid;
        *type = node->type;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    return release_call([&](Gpu& g) {
        if (g.graphs.erase(graph) == 0) return invalid;
        delete graph;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    return release_call([&](Gpu& g) {
        if (g.executables.erase(executable) == 0) return invalid;
        delete executable;
        return cudaSuccess;
    });
}

}  // extern "C"

namespace cuda_emulator {

void reset() {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    for (const auto* handle : g.executables) delete handle;
    for (const auto* handle : g.graphs) delete handle;
    for (const auto* handle : g.events) delete handle;
    for (const auto* handle : g.streams) delete handle;
    g.executables.clear();
    g.graphs.clear();
    g.events.clear();
    g.streams.clear();
    g.default_stream.queue.clear();
    for (const auto& [memory, bytes] : g.pinned) std::free(const_cast<void*>(memory));
    g.pinned.clear();
    g.memory.release_all();
    g.shared_limits.clear();
    g.failure = {};
    g.last_error = cudaSuccess;
    g.order = Order::forward;
    g.counts = {};
    clear_fault();
}

}  // namespace cuda_emulator
