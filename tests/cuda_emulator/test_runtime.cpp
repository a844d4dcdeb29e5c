// The emulated runtime returns the same codes as CUDA's, runs work no earlier than necessary, counts it, and
// injects faults.
#include "counts.hpp"
#include "device_code.hpp"
#include "faults.hpp"
#include "library_call.hpp"
#include "options.hpp"
#include "support/catch.hpp"

#include <array>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace cuda_emulator;
using gantry::test::contains;

namespace {

__global__ void add(float* y, float x) { y[blockIdx.x * blockDim.x + threadIdx.x] += x; }
__global__ void wrong(float* y) {
    if (threadIdx.x > 0) __syncthreads();
    y[threadIdx.x] = 1;
}

constexpr unsigned n = 64;
constexpr std::size_t bytes = n * sizeof(float);

/// A new GPU with a stream and n values, all 0.
struct Fixture {
    Fixture() {
        reset();
        REQUIRE(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
        REQUIRE(cudaMalloc(&x, bytes) == cudaSuccess);
        REQUIRE(cudaMemsetAsync(x, 0, bytes, stream) == cudaSuccess);
        REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
        reset_counts();
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture() { reset(); }

    cudaError_t start(float value = 1) const {
        return launch("add", add, dim3(1), dim3(n), 0, stream, std::tuple(x, value));
    }
    float first() const {
        std::array<float, n> host{};
        REQUIRE(cudaMemcpyAsync(host.data(), x, bytes, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
        return host[0];
    }

    cudaStream_t stream = nullptr;
    float* x = nullptr;
};

}  // namespace

TEST_CASE("one GPU is available") {
    int count = 0, device = 7, value = 0;
    CHECK(cudaGetDeviceCount(&count) == cudaSuccess);
    CHECK(count == 1);
    CHECK(cudaSetDevice(0) == cudaSuccess);
    CHECK(cudaSetDevice(1) == cudaErrorInvalidDevice);
    CHECK(cudaGetLastError() == cudaErrorInvalidDevice);
    CHECK(cudaGetLastError() == cudaSuccess);
    CHECK(cudaGetDevice(&device) == cudaSuccess);
    CHECK(device == 0);
    CHECK(cudaDeviceGetAttribute(&value, cudaDevAttrMaxThreadsPerBlock, 0) == cudaSuccess);
    CHECK(value == 1024);
    cudaDeviceProp properties;
    CHECK(cudaGetDeviceProperties(&properties, 0) == cudaSuccess);
    CHECK(properties.warpSize == 32);
    CHECK(std::string(cudaGetErrorName(cudaErrorInvalidDevice)) == "cudaErrorInvalidDevice");
    CHECK(std::string(cudaGetErrorString(cudaErrorInvalidDevice)) == "invalid device ordinal");
}

TEST_CASE_METHOD(Fixture, "work waits in its stream until the host waits for it") {
    REQUIRE(start() == cudaSuccess);
    CHECK(counts().total_launches() == 0);
    REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
    CHECK(counts().launches.at("add") == 1);
    CHECK(first() == 1);
}

TEST_CASE_METHOD(Fixture, "copies take the host's memory when CUDA does") {
    std::array<float, n> ordinary{};
    ordinary.fill(1);
    REQUIRE(cudaMemcpyAsync(x, ordinary.data(), bytes, cudaMemcpyHostToDevice, stream) == cudaSuccess);
    ordinary.fill(2);
    CHECK(first() == 1);
    float* pinned = nullptr;
    REQUIRE(cudaMallocHost(&pinned, bytes) == cudaSuccess);
    REQUIRE(cudaMemcpyAsync(pinned, x, bytes, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
    CHECK(pinned[0] != pinned[0]);  // too early: NaN
    REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
    CHECK(pinned[0] == 1);
    CHECK(cudaFreeHost(pinned) == cudaSuccess);
    CHECK(cudaFreeHost(pinned) == cudaErrorInvalidValue);
}

TEST_CASE_METHOD(Fixture, "wrong arguments have CUDA's errors") {
    std::array<float, n> host{};
    const auto copy = [&](void* to, const void* from, std::size_t size, int kind) {
        return cudaMemcpyAsync(to, from, size, static_cast<cudaMemcpyKind>(kind), stream);
    };
    CHECK(copy(x, host.data(), bytes, cudaMemcpyHostToDevice) == cudaSuccess);
    CHECK(copy(x, host.data(), bytes, cudaMemcpyDefault) == cudaSuccess);
    CHECK(copy(x, host.data(), bytes, 7) == cudaErrorInvalidMemcpyDirection);
    CHECK(copy(x, host.data(), bytes, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
    CHECK(copy(x, host.data(), bytes, cudaMemcpyDeviceToDevice) == cudaErrorInvalidValue);
    CHECK(copy(x, host.data(), bytes + 1, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
    CHECK(copy(x + 1, host.data(), bytes, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
    CHECK(cudaMemsetAsync(x, 0, bytes + 1, stream) == cudaErrorInvalidValue);
    CHECK(cudaMemsetAsync(host.data(), 0, bytes, stream) == cudaErrorInvalidValue);
    CHECK(cudaFree(nullptr) == cudaSuccess);
    CHECK(cudaFree(x + 1) == cudaErrorInvalidValue);
    CHECK(cudaFree(host.data()) == cudaErrorInvalidValue);

    void* memory = &host;
    CHECK(cudaMalloc(&memory, 0) == cudaSuccess);
    CHECK(memory == nullptr);
    CHECK(cudaMalloc(&memory, std::numeric_limits<std::size_t>::max() / 2) == cudaErrorMemoryAllocation);
    cudaEvent_t event = nullptr;
    REQUIRE(cudaEventCreate(&event) == cudaSuccess);
    CHECK(cudaEventDestroy(event) == cudaSuccess);
    CHECK(cudaEventRecord(event, stream) == cudaErrorInvalidResourceHandle);
    CHECK(cudaStreamDestroy(stream) == cudaSuccess);
    CHECK(cudaStreamSynchronize(stream) == cudaErrorInvalidResourceHandle);
    CHECK(cudaStreamDestroy(stream) == cudaErrorInvalidResourceHandle);
}

TEST_CASE_METHOD(Fixture, "launches have CUDA's limits") {
    const auto launch_with = [&](dim3 blocks, dim3 threads, std::size_t shared_bytes) {
        return launch("add", add, blocks, threads, shared_bytes, stream, std::tuple(x, 1.0f));
    };
    CHECK(launch_with(1, n, 48 << 10) == cudaSuccess);
    CHECK(launch_with(1, 1025, 0) == cudaErrorInvalidConfiguration);
    CHECK(launch_with(1, dim3(32, 33), 0) == cudaErrorInvalidConfiguration);
    CHECK(launch_with(1, dim3(1, 1, 65), 0) == cudaErrorInvalidConfiguration);
    CHECK(launch_with(dim3(1, 65536), n, 0) == cudaErrorInvalidConfiguration);
    CHECK(launch_with(dim3(1, 1, 65536), n, 0) == cudaErrorInvalidConfiguration);
    CHECK(launch_with(0, n, 0) == cudaErrorInvalidConfiguration);
    CHECK(launch_with(1, 0, 0) == cudaErrorInvalidConfiguration);
    CHECK(launch_with(1, n, (48 << 10) + 1) == cudaErrorInvalidConfiguration);
    const auto allow = [](int shared_bytes) {
        return cudaFuncSetAttribute(reinterpret_cast<const void*>(add),
                                    cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
    };
    CHECK(allow(228 << 10) == cudaErrorInvalidValue);
    CHECK(allow(64 << 10) == cudaSuccess);
    CHECK(launch_with(1, n, 64 << 10) == cudaSuccess);
    CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
    cudaGetLastError();
}

TEST_CASE_METHOD(Fixture, "a kernel's failure is returned by the next synchronisation and every later call") {
    REQUIRE(launch("wrong", wrong, dim3(1), dim3(n), 0, stream, std::tuple(x)) == cudaSuccess);
    CHECK(last_report().empty());
    CHECK(cudaStreamSynchronize(stream) == cudaErrorLaunchFailure);
    CHECK_THAT(last_report(), contains("[wrong] divergent barrier"));
    CHECK_THAT(cudaGetErrorString(cudaErrorLaunchFailure), contains("thread (1, 0, 0) of block (0, 0, 0)"));
    CHECK(start() == cudaErrorLaunchFailure);
    void* memory = nullptr;
    CHECK(cudaMalloc(&memory, 4) == cudaErrorLaunchFailure);
    CHECK(cudaGetLastError() == cudaErrorLaunchFailure);
    CHECK(cudaFree(x) == cudaErrorLaunchFailure);
    CHECK(counts().live_allocations == 0);
}

TEST_CASE_METHOD(Fixture, "events mark places in a stream") {
    cudaEvent_t begin = nullptr, end = nullptr;
    REQUIRE(cudaEventCreate(&begin) == cudaSuccess);
    REQUIRE(cudaEventCreate(&end) == cudaSuccess);
    float milliseconds = -1;
    CHECK(cudaEventElapsedTime(&milliseconds, begin, end) == cudaErrorInvalidResourceHandle);
    REQUIRE(cudaEventRecord(begin, stream) == cudaSuccess);
    REQUIRE(start() == cudaSuccess);
    REQUIRE(cudaEventRecord(end, stream) == cudaSuccess);
    REQUIRE(start() == cudaSuccess);
    CHECK(cudaEventElapsedTime(&milliseconds, begin, end) == cudaErrorNotReady);
    REQUIRE(cudaEventSynchronize(end) == cudaSuccess);
    CHECK(counts().launches.at("add") == 1);
    CHECK(cudaEventElapsedTime(&milliseconds, begin, end) == cudaSuccess);
    CHECK(milliseconds >= 0);

    cudaStream_t other = nullptr;
    REQUIRE(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == cudaSuccess);
    REQUIRE(cudaEventRecord(end, stream) == cudaSuccess);
    REQUIRE(cudaStreamWaitEvent(other, end, 0) == cudaSuccess);
    REQUIRE(cudaStreamSynchronize(other) == cudaSuccess);
    CHECK(counts().launches.at("add") == 2);
}

TEST_CASE_METHOD(Fixture, "a captured graph runs once per launch") {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    cudaStreamCaptureStatus status{};
    CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorIllegalState);
    cudaGetLastError();
    REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    CHECK(cudaStreamIsCapturing(stream, &status) == cudaSuccess);
    CHECK(status == cudaStreamCaptureStatusActive);
    REQUIRE(start(1) == cudaSuccess);
    REQUIRE(start(10) == cudaSuccess);
    REQUIRE(library_call("scale", stream, std::array{Range{x, bytes}}, std::array{Range{x, bytes}}, [this] {
        for (unsigned i = 0; i < n; ++i) x[i] *= 2;
    }));
    REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
    std::size_t nodes = 0;
    CHECK(cudaGraphGetNodes(graph, nullptr, &nodes) == cudaSuccess);
    CHECK(nodes == 3);
    REQUIRE(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
    CHECK(cudaGraphDestroy(graph) == cudaSuccess);
    CHECK(first() == 0);

    REQUIRE(cudaGraphLaunch(executable, stream) == cudaSuccess);
    REQUIRE(cudaGraphLaunch(executable, stream) == cudaSuccess);
    CHECK(first() == 66);  // ((0 + 11) 2 + 11) 2
    CHECK(counts().graph_launches == 2);
    CHECK(counts().graph_nodes == 6);
    CHECK(counts().kernels_started == 0);
    CHECK(counts().launches.at("add") == 4);
    CHECK(counts().library_calls.at("scale") == 2);

    REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    REQUIRE(start(5) == cudaSuccess);
    REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
    cudaGraphExecUpdateResultInfo result{};
    CHECK(cudaGraphExecUpdate(executable, graph, &result) == cudaErrorGraphExecUpdateFailure);
    CHECK(result.result == cudaGraphExecUpdateErrorTopologyChanged);
    CHECK(cudaGraphExecDestroy(executable) == cudaSuccess);
    CHECK(cudaGraphLaunch(executable, stream) == cudaErrorInvalidValue);
}

TEST_CASE_METHOD(Fixture, "a call that cannot be captured invalidates the capture") {
    const auto spoils = [&](auto call) {
        cudaGraph_t graph = nullptr;
        REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) == cudaSuccess);
        REQUIRE(start() == cudaSuccess);
        CHECK(call() == cudaErrorStreamCaptureUnsupported);
        CHECK(start() == cudaErrorStreamCaptureInvalidated);
        CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated);
        CHECK(graph == nullptr);
        CHECK(start() == cudaSuccess);
    };
    void* memory = nullptr;
    std::array<float, n> host{};
    spoils([&] { return cudaMalloc(&memory, 4); });
    spoils([&] { return cudaMallocHost(&memory, 4); });
    spoils([&] { return cudaFree(x); });
    spoils([&] { return cudaStreamSynchronize(stream); });
    spoils([] { return cudaDeviceSynchronize(); });
    spoils([&] { return cudaMemcpy(x, host.data(), bytes, cudaMemcpyHostToDevice); });
    REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed) == cudaSuccess);
    CHECK(cudaMalloc(&memory, 4) == cudaSuccess);
}

TEST_CASE_METHOD(Fixture, "a thread-local capture does not affect other threads") {
    cudaStream_t other = nullptr;
    cudaEvent_t event = nullptr;
    float* pinned = nullptr;
    void* memory = nullptr;
    REQUIRE(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == cudaSuccess);
    REQUIRE(cudaEventCreateWithFlags(&event, cudaEventBlockingSync | cudaEventDisableTiming) == cudaSuccess);
    REQUIRE(cudaMallocHost(&pinned, bytes) == cudaSuccess);
    cudaGraph_t graph = nullptr;
    reset_counts();
    REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    REQUIRE(start() == cudaSuccess);
    std::vector<cudaError_t> codes;
    std::jthread([&] {
        codes.push_back(cudaMemcpyAsync(x, pinned, bytes, cudaMemcpyHostToDevice, other));
        codes.push_back(cudaEventRecord(event, other));
        codes.push_back(cudaEventSynchronize(event));
        codes.push_back(cudaMalloc(&memory, 4));
        codes.push_back(cudaGetLastError());
        codes.push_back(cudaStreamEndCapture(stream, &graph));
        codes.push_back(cudaGetLastError());
    }).join();
    CHECK(codes == std::vector{cudaSuccess, cudaSuccess, cudaSuccess, cudaSuccess, cudaSuccess,
                               cudaErrorStreamCaptureWrongThread, cudaErrorStreamCaptureWrongThread});
    CHECK(cudaGetLastError() == cudaSuccess);  // each thread has its own error
    CHECK(counts().synchronizations == 0);
    CHECK(counts().background_synchronizations == 1);
    CHECK(start() == cudaSuccess);
    REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);

    // A wait by the same thread, or by another thread for the whole GPU, invalidates the capture.
    REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    CHECK(cudaEventSynchronize(event) == cudaErrorStreamCaptureUnsupported);
    CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated);
    REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    std::jthread([&] { codes.assign(1, cudaDeviceSynchronize()); }).join();
    CHECK(codes == std::vector{cudaErrorStreamCaptureUnsupported});
    CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated);
}

TEST_CASE_METHOD(Fixture, "kernels run in whichever thread waits for them, and in their order") {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t)
        threads.emplace_back([this] {
            for (int i = 0; i < 50; ++i) {
                start();
                cudaStreamSynchronize(stream);
            }
        });
    threads.clear();
    CHECK(first() == 150);
}

TEST_CASE_METHOD(Fixture, "a GPU can have less memory") {
    std::size_t free = 0, total = 0;
    void* memory = nullptr;
    set_memory(1000);
    CHECK(cudaMemGetInfo(&free, &total) == cudaSuccess);
    CHECK(total == 1000);
    CHECK(free == 1000 - bytes);
    CHECK(cudaMalloc(&memory, free + 1) == cudaErrorMemoryAllocation);
    CHECK(cudaMalloc(&memory, free) == cudaSuccess);
    CHECK(cudaMemGetInfo(&free, &total) == cudaSuccess);
    CHECK(free == 0);
    reset();
    CHECK(cudaMemGetInfo(&free, &total) == cudaSuccess);
    CHECK(free == std::size_t{4} << 30);
}

TEST_CASE_METHOD(Fixture, "the default stream waits for blocking streams and no others") {
    cudaStream_t blocking = nullptr;
    REQUIRE(cudaStreamCreate(&blocking) == cudaSuccess);
    REQUIRE(launch("blocking", add, dim3(1), dim3(n), 0, blocking, std::tuple(x, 1.0f)) == cudaSuccess);
    REQUIRE(start() == cudaSuccess);
    float host = 0;
    REQUIRE(cudaMemcpy(&host, x, sizeof host, cudaMemcpyDeviceToHost) == cudaSuccess);
    CHECK(host == 1);
    CHECK(counts().launches.count("add") == 0);
}

TEST_CASE_METHOD(Fixture, "library calls run in their stream, with memory that is checked") {
    const std::array range{Range{x, bytes}}, too_long{Range{x, bytes + 1}};
    const auto set = [this] { x[0] = 5; };
    REQUIRE(library_call("set", stream, {}, range, set));
    CHECK(counts().library_calls.count("set") == 0);
    CHECK(first() == 5);
    CHECK(counts().library_calls.at("set") == 1);
    const std::array rows{Range{x, 2 * sizeof(float), 8, 8 * sizeof(float)}};
    REQUIRE(library_call("set", stream, {}, rows, set));
    CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
    REQUIRE(library_call("set", stream, too_long, range, set));
    CHECK(cudaStreamSynchronize(stream) == cudaErrorIllegalAddress);
    CHECK_THAT(last_report(), contains("[set] reads 257 bytes"));
    CHECK_FALSE(library_call("set", stream, {}, range, set));
}

TEST_CASE_METHOD(Fixture, "calls are counted") {
    std::array<float, n> host{};
    float* y = nullptr;
    REQUIRE(cudaMalloc(&y, bytes) == cudaSuccess);
    REQUIRE(cudaMemcpyAsync(y, x, bytes, cudaMemcpyDeviceToDevice, stream) == cudaSuccess);
    REQUIRE(cudaMemcpyAsync(y, host.data(), 8, cudaMemcpyHostToDevice, stream) == cudaSuccess);
    REQUIRE(cudaMemcpyAsync(host.data(), y, 12, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
    REQUIRE(start() == cudaSuccess);
    REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
    const Counts& c = counts();
    CHECK(c.allocations == 1);
    CHECK(c.live_allocations == 2);
    CHECK(c.live_bytes == 2 * bytes);
    CHECK(c.device_to_device.bytes == bytes);
    CHECK(c.host_to_device.bytes == 8);
    CHECK(c.device_to_host.bytes == 12);
    CHECK(c.device_to_host.calls == 1);
    CHECK(c.synchronizations == 1);
    CHECK(c.kernels_started == 1);
    REQUIRE(cudaFree(y) == cudaSuccess);
    CHECK(counts().frees == 1);
    CHECK(counts().live_bytes == bytes);
}

TEST_CASE_METHOD(Fixture, "a test can make any call fail") {
    void* memory = nullptr;
    inject_fault(Call::allocation, 2);
    CHECK(cudaMalloc(&memory, 4) == cudaSuccess);
    CHECK_FALSE(fault_happened());
    CHECK(cudaMalloc(&memory, 4) == cudaErrorMemoryAllocation);
    CHECK(fault_happened());
    CHECK(cudaMalloc(&memory, 4) == cudaSuccess);

    inject_fault(Call::launch, 1, cudaErrorLaunchTimeout);
    CHECK(start() == cudaErrorLaunchTimeout);
    CHECK(start() == cudaSuccess);
    inject_fault(Call::library, 1);
    CHECK(start() == cudaSuccess);
    CHECK_FALSE(library_call("nothing", stream, {}, {}, [] {}));
    CHECK(library_call("nothing", stream, {}, {}, [] {}));

    std::size_t failures = 0;
    for (std::size_t call = 1;; ++call) {
        inject_fault(Call::any, call);
        bool failed = cudaMemsetAsync(x, 0, bytes, stream) != cudaSuccess;
        failed = start() != cudaSuccess || failed;
        failed = cudaStreamSynchronize(stream) != cudaSuccess || failed;
        if (!fault_happened()) break;
        CHECK(failed);
        ++failures;
    }
    CHECK(failures == 3);
    clear_fault();
}

namespace {
/// Two new GPUs, each with a stream and n values.
struct TwoGpus {
    TwoGpus() {
        reset();
        set_gpu_count(2);
        for (int gpu = 0; gpu < 2; ++gpu) {
            REQUIRE(cudaSetDevice(gpu) == cudaSuccess);
            REQUIRE(cudaStreamCreateWithFlags(&stream[gpu], cudaStreamNonBlocking) == cudaSuccess);
            REQUIRE(cudaMalloc(&x[gpu], bytes) == cudaSuccess);
            REQUIRE(cudaMemsetAsync(x[gpu], 0, bytes, stream[gpu]) == cudaSuccess);
        }
        REQUIRE(cudaSetDevice(0) == cudaSuccess);
    }
    TwoGpus(const TwoGpus&) = delete;
    TwoGpus& operator=(const TwoGpus&) = delete;
    ~TwoGpus() { reset(); }

    cudaError_t start(int stream_of, int numbers_of) const {
        return launch("add", add, dim3(1), dim3(n), 0, stream[stream_of], std::tuple(x[numbers_of], 1.0f));
    }

    cudaStream_t stream[2] = {};
    float* x[2] = {};
};
}  // namespace

TEST_CASE_METHOD(TwoGpus, "each thread has a current GPU, initially the first") {
    int count = 0, device = 7;
    CHECK(cudaGetDeviceCount(&count) == cudaSuccess);
    CHECK(count == 2);
    CHECK(cudaSetDevice(1) == cudaSuccess);
    CHECK(cudaSetDevice(2) == cudaErrorInvalidDevice);
    std::thread([&] {
        CHECK(cudaGetLastError() == cudaSuccess);
        CHECK(cudaGetDevice(&device) == cudaSuccess);
    }).join();
    CHECK(device == 0);
    CHECK(cudaGetDevice(&device) == cudaSuccess);
    CHECK(device == 1);
    CHECK(cudaGetLastError() == cudaErrorInvalidDevice);
    cudaDeviceProp properties;
    CHECK(cudaGetDeviceProperties(&properties, 1) == cudaSuccess);
    CHECK(cudaGetDeviceProperties(&properties, 2) == cudaErrorInvalidDevice);
    set_gpu_count(0);
    CHECK(cudaGetDeviceCount(&count) == cudaErrorNoDevice);
}

TEST_CASE_METHOD(TwoGpus, "a kernel needs a stream and memory of the current GPU") {
    CHECK(start(0, 0) == cudaSuccess);
    CHECK(start(1, 1) == cudaErrorInvalidResourceHandle);
    REQUIRE(cudaStreamBeginCapture(stream[1], cudaStreamCaptureModeRelaxed) == cudaSuccess);
    CHECK(start(1, 1) == cudaErrorInvalidResourceHandle);
    cudaGraph_t graph = nullptr;
    CHECK(cudaStreamEndCapture(stream[1], &graph) == cudaSuccess);
    REQUIRE(cudaSetDevice(1) == cudaSuccess);
    reset_counts();
    CHECK(start(1, 1) == cudaSuccess);
    CHECK(cudaStreamSynchronize(stream[1]) == cudaSuccess);
    CHECK(counts().launches_by_gpu == std::map<int, std::size_t>{{1, 1}});
    CHECK(start(1, 0) == cudaSuccess);
    CHECK(cudaStreamSynchronize(stream[1]) == cudaErrorIllegalAddress);
    CHECK_THAT(last_report(), contains("pointer 1 of its parameters is of another GPU"));
    CHECK(cudaMemsetAsync(x[1], 0, bytes, stream[1]) == cudaErrorIllegalAddress);
    CHECK(cudaSetDevice(0) == cudaSuccess);  // the other GPU still works
    CHECK(start(0, 0) == cudaSuccess);
    CHECK(cudaStreamSynchronize(stream[0]) == cudaSuccess);
    CHECK(cudaStreamSynchronize(stream[1]) == cudaErrorIllegalAddress);
}

TEST_CASE_METHOD(TwoGpus, "copies and synchronisation do not depend on the current GPU") {
    std::array<float, n> host{};
    CHECK(cudaMemcpyAsync(x[1], host.data(), bytes, cudaMemcpyHostToDevice, stream[1]) == cudaSuccess);
    CHECK(cudaMemcpyAsync(x[0], x[1], bytes, cudaMemcpyDeviceToDevice, stream[1]) == cudaSuccess);
    CHECK(cudaMemsetAsync(x[1], 0, bytes, stream[1]) == cudaSuccess);
    CHECK(cudaMemsetAsync(x[1], 0, bytes, stream[0]) == cudaErrorInvalidValue);
    CHECK(cudaStreamSynchronize(stream[1]) == cudaSuccess);
    CHECK(cudaFree(x[1]) == cudaSuccess);
    std::size_t free = 0, total = 0;
    CHECK(cudaSetDevice(1) == cudaSuccess);
    CHECK(cudaMemGetInfo(&free, &total) == cudaSuccess);
    CHECK(free == total);
}

TEST_CASE_METHOD(TwoGpus, "an event is recorded in its GPU's streams, and waited for by all") {
    cudaEvent_t event = nullptr, other = nullptr;
    float milliseconds = 0;
    REQUIRE(cudaEventCreate(&event) == cudaSuccess);
    CHECK(cudaEventRecord(event, stream[1]) == cudaErrorInvalidResourceHandle);
    REQUIRE(start(0, 0) == cudaSuccess);
    CHECK(cudaEventRecord(event, stream[0]) == cudaSuccess);
    REQUIRE(cudaSetDevice(1) == cudaSuccess);
    REQUIRE(cudaEventCreate(&other) == cudaSuccess);
    CHECK(cudaStreamWaitEvent(stream[1], event) == cudaSuccess);
    CHECK(cudaEventRecord(other, stream[1]) == cudaSuccess);
    reset_counts();
    CHECK(cudaEventSynchronize(other) == cudaSuccess);
    CHECK(counts().launches_by_gpu == std::map<int, std::size_t>{{0, 1}});
    CHECK(cudaEventElapsedTime(&milliseconds, event, other) == cudaErrorInvalidResourceHandle);
    CHECK(cudaEventSynchronize(event) == cudaSuccess);
}
