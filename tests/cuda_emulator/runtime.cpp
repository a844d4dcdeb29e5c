// CUDA's runtime: devices, errors, streams, events.
#include "runtime_call.hpp"

#include <cstdlib>
#include <utility>

using namespace cuda_emulator;

extern "C" {

// Devices

cudaError_t cudaGetDeviceCount(int* count) {
    // An empty list hides all GPUs, as with the real driver.
    const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
    if (visible != nullptr && *visible == '\0') return cudaErrorNoDevice;
    return runtime_call(Call::other, cudaErrorInsufficientDriver, [&](Gpu& g) {
        if (count == nullptr) return invalid;
        *count = g.count;
        return g.count > 0 ? cudaSuccess : cudaErrorNoDevice;
    });
}

cudaError_t cudaSetDevice(int device) {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    cudaError_t code = injected_fault(Call::other, cudaErrorInitializationError);
    if (code == cudaSuccess && (device < 0 || device >= g.count)) code = cudaErrorInvalidDevice;
    if (code == cudaSuccess) {
        this_thread().gpu = device;
        code = g.here().failure.code;
    }
    if (code != cudaSuccess) this_thread().last_error = code;
    return code;
}

cudaError_t cudaGetDevice(int* device) {
    return query_call([&](Gpu&) {
        if (device == nullptr) return invalid;
        *device = current_gpu();
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    return query_call([&](Gpu& g) {
        if (device < 0 || device >= g.count) return cudaErrorInvalidDevice;
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
    return query_call([&](Gpu& g) {
        if (device < 0 || device >= g.count) return cudaErrorInvalidDevice;
        if (properties == nullptr) return invalid;
        *properties = {};
        std::strcpy(properties->name, "gantry's emulator");
        properties->totalGlobalMem = g.memory.size();
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
        if (g.spoil_captures(true)) return cudaErrorStreamCaptureUnsupported;
        return synchronize(g, current_gpu(), [&] { g.run_all(current_gpu()); });
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
    const cudaError_t failed = g.here().failure.code;
    return failed != cudaSuccess ? failed : std::exchange(this_thread().last_error, cudaSuccess);
}

cudaError_t cudaPeekAtLastError() {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    const cudaError_t failed = g.here().failure.code;
    return failed != cudaSuccess ? failed : this_thread().last_error;
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
        g.run(*stream);  // queued work still runs
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
        return synchronize(g, s.gpu, [&] { g.run(s); });
    });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (!g.knows(stream)) return cudaErrorInvalidResourceHandle;
        return outside_of_captures(g, [&] {
            // Simulates progress: work that is queried repeatedly completes.
            const bool done = g.get(stream).queue.empty();
            g.run(g.get(stream));
            const cudaError_t failed = g.failure_of(stream);
            return failed != cudaSuccess ? failed : done ? cudaSuccess : cudaErrorNotReady;
        });
    });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (!g.events.contains(event) || !g.knows(stream)) return cudaErrorInvalidResourceHandle;
        CUstream_st& waiting = g.get(stream);
        if (waiting.capture == cudaStreamCaptureStatusInvalidated) return cudaErrorStreamCaptureInvalidated;
        if (event->captured) return cudaErrorNotSupported;  // multi-stream captures are not emulated
        if (!event->recorded) return cudaSuccess;
        if (waiting.capture == cudaStreamCaptureStatusActive) {
            waiting.capture = cudaStreamCaptureStatusInvalidated;
            return cudaErrorStreamCaptureIsolation;  // a graph cannot wait for work outside it
        }
        return g.submit(stream, {cudaGraphNodeTypeEventRecord, nullptr, "cudaStreamWaitEvent",
                                 [&g, other = event->stream, position = event->position, gpu = event->gpu] {
                                     if (g.knows(other)) g.run(g.get(other), position);
                                     g.memory.open();
                                     return gpu == g.running ? std::exchange(g.board(gpu).failure, {})
                                                             : Failure{};
                                 }});
    });
}

// Events

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
    return runtime_call(Call::other, cudaErrorMemoryAllocation, [&](Gpu& g) {
        constexpr unsigned known = cudaEventBlockingSync | cudaEventDisableTiming;
        if (event == nullptr || (flags & ~known) != 0) return invalid;
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
        if (event->gpu != g.get(stream).gpu) return cudaErrorInvalidResourceHandle;
        event->captured = g.get(stream).capture != cudaStreamCaptureStatusNone;
        if (event->captured) return cudaSuccess;
        const cudaError_t code =
            g.submit(stream, {cudaGraphNodeTypeEventRecord, nullptr, "cudaEventRecord", [&g, event] {
                                  if (g.events.contains(event)) {
                                      event->done = true;
                                      event->time = std::chrono::steady_clock::now() + g.time;
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
        return outside_of_captures(g, [&] {
            return synchronize(g, event->gpu, [&] {
                if (event->recorded && g.knows(event->stream)) g.run(g.get(event->stream), event->position);
            });
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
            const cudaError_t failed = g.board(event->gpu).failure.code;
            return failed != cudaSuccess ? failed : done ? cudaSuccess : cudaErrorNotReady;
        });
    });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (milliseconds == nullptr) return invalid;
        if (!g.events.contains(start) || !g.events.contains(end)) return cudaErrorInvalidResourceHandle;
        if (start->gpu != end->gpu || !start->timing || !end->timing || !start->recorded || !end->recorded)
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
    for (const auto& [memory, bytes] : g.pinned) std::free(const_cast<void*>(memory));
    g.pinned.clear();
    g.memory.release_all();
    g.memory.set_size(DeviceMemory::capacity);
    g.shared_limits.clear();
    g.boards.clear();
    set_gpu_count(1);
    this_thread() = {};
    g.order = Order::forward;
    g.counts = {};
    clear_fault();
}

}  // namespace cuda_emulator
