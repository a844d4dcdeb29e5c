#include "device_code.hpp"
#include "sanitizers.hpp"
#include "wrong_kernels.hpp"

#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace cuda_emulator::test {
namespace {

constexpr unsigned n = 64;  // threads: two warps

// Incorrect kernels. Unless noted otherwise, one block of n threads runs, and y has n elements.

__global__ void missing_barrier(float* y) {
    __shared__ float s[n];
    s[threadIdx.x] = 1;
    y[threadIdx.x] = s[n - 1 - threadIdx.x];
}

__global__ void write_after_read(float* y) {
    __shared__ float s[n];
    s[threadIdx.x] = 1;
    __syncthreads();
    const float other = s[(threadIdx.x + 32) % n];
    s[threadIdx.x] = other + 1;
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x];
}

__global__ void two_writers(float* y) {
    __shared__ float s[n];
    s[threadIdx.x / 2] = 1;
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x / 2];
}

/// A reduction that gives the correct sum in every order of threads, but lacks a barrier before `partial` is
/// reused.
__device__ float block_sum(float mine, float* partial) {
    for (int distance = 16; distance > 0; distance /= 2) mine += __shfl_xor_sync(~0u, mine, distance);
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = mine;
    __syncthreads();
    return partial[0] + partial[1];
}
__global__ void missing_barrier_between_sums(float* y) {
    __shared__ float partial[2];
    const float sum = block_sum(1, partial);
    y[threadIdx.x] = sum + block_sum(2, partial);
}

__global__ void divergent_barrier(float* y) {
    // clang-format off
    if (threadIdx.x < 32) { __syncthreads(); } else { __syncthreads(); }  // one line, two barriers
    // clang-format on
    y[threadIdx.x] = 1;
}

__global__ void return_before_barrier(float* y, unsigned size) {
    if (threadIdx.x >= size) return;
    y[threadIdx.x] = 1;
    __syncthreads();
}

__global__ void barrier_in_some_threads(float* y) {
    if (threadIdx.x < 32) __syncthreads();
    y[threadIdx.x] = 1;
}

__global__ void barrier_and_shuffle(float* y) {
    float mine = 1;
    if (threadIdx.x % 2 == 0)
        mine = __shfl_xor_sync(~0u, mine, 1);
    else
        __syncthreads();
    y[threadIdx.x] = mine;
}

__global__ void write_behind_global(float* y) { y[threadIdx.x + 1] = 1; }
__global__ void read_behind_global(float* y) {
    if (threadIdx.x == n - 1) y[0] = y[threadIdx.x + 1];
}
__global__ void write_far_behind_global(float* y) { y[threadIdx.x + 200] = 1; }

__global__ void write_behind_shared(float* y) {
    __shared__ float s[n];
    float* const behind = s + 1;
    behind[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = 1;
}

template <class T>
__global__ void write_behind_shared_of_template(T* y) {
    __shared__ T s[n];
    T* const behind = s + 1;
    behind[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = 1;
}

__global__ void write_behind_dynamic_shared(float* y) {
    GANTRY_DYNAMIC_SHARED(float, s);
    s[threadIdx.x + 1] = 1;
    __syncthreads();
    y[threadIdx.x] = 1;
}

__global__ void read_behind_dynamic_shared(float* y) {
    GANTRY_DYNAMIC_SHARED(float, s);
    s[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x + 1];
}

__global__ void uninitialised_shared(float* y) {
    __shared__ float s[2 * n];
    s[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x + 1];
}

/// Shared memory does not persist from one block to the next.
__global__ void shared_of_another_block(float* y) {
    __shared__ float s[n];
    if (blockIdx.x == 0) s[threadIdx.x] = 1;
    __syncthreads();
    y[blockIdx.x * n + threadIdx.x] = s[threadIdx.x];
}

__global__ void uninitialised_global(float* y) { y[threadIdx.x] += 1; }

__global__ void race_between_blocks(float* y) { y[threadIdx.x] = static_cast<float>(blockIdx.x); }

__global__ void read_of_another_block(float* y) {
    if (blockIdx.x == 0) y[threadIdx.x] = 1;
    if (blockIdx.x == 1) y[threadIdx.x + n] = y[threadIdx.x];
}

/// The last block to arrive adds up the results of three blocks. y holds their values, followed by the
/// arrival count.
enum class Fences { right, first_missing, second_missing, before_writing };
template <Fences fences>
__global__ void last_block(float* y) {
    if (fences == Fences::before_writing && threadIdx.x == 0) __threadfence();
    if (threadIdx.x == n - 1) y[blockIdx.x] = 2;
    __syncthreads();
    int is_last = 0;
    if (threadIdx.x == 0) {
        if (fences == Fences::right || fences == Fences::second_missing) __threadfence();
        is_last = atomicInc(reinterpret_cast<unsigned*>(y + 3), 2) == 2;
        if (fences != Fences::second_missing) __threadfence();
    }
    if (__syncthreads_or(is_last) && threadIdx.x == 1) y[0] += y[1] + y[2];
}

__global__ void sum_without_atomic(float* y) { y[0] += 1; }

__global__ void global_without_barrier(float* y) {
    y[threadIdx.x] = 1;
    if (threadIdx.x == 0) y[1] = 2;
}

__global__ void shuffle_in_some_lanes(float* y) {
    float mine = 1;
    if (threadIdx.x % 2) mine += __shfl_xor_sync(~0u, mine, 1);
    y[threadIdx.x] = mine;
}

__global__ void shuffles_at_two_places(float* y) {
    float mine = 1;
    if (threadIdx.x % 2)
        mine += __shfl_xor_sync(~0u, mine, 1);
    else
        mine -= __shfl_xor_sync(~0u, mine, 1);
    y[threadIdx.x] = mine;
}

__global__ void shuffle_from_outside_of_mask(float* y) {
    float mine = 1;
    if (threadIdx.x % 32 < 16) mine += __shfl_xor_sync(0xffffu, mine, 16);
    y[threadIdx.x] = mine;
}

__global__ void shuffle_not_in_own_mask(float* y) { y[threadIdx.x] = __shfl_xor_sync(0xffffu, 1.0f, 1); }

__global__ void shuffle_with_returned_lane(float* y, unsigned size) {
    if (threadIdx.x >= size) return;
    y[threadIdx.x] = __shfl_down_sync(~0u, 1.0f, 1);
}

__global__ void warp_without_syncwarp(float* y) {
    __shared__ volatile float s[n];
    s[threadIdx.x] = 1;
    __syncthreads();
    if (threadIdx.x < 16) s[threadIdx.x] = s[threadIdx.x] + s[threadIdx.x + 16];
    if (threadIdx.x < 8) s[threadIdx.x] = s[threadIdx.x] + s[threadIdx.x + 8];
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x];
}

struct Pointers {
    const float* x;
};
__global__ void read(Pointers from, float* y) { y[threadIdx.x] = from.x[threadIdx.x]; }

struct alignas(16) Four {
    float at[4];
};
__global__ void misaligned(float* y) {
    Four* const fours = reinterpret_cast<Four*>(y + 1);
    if (threadIdx.x == 0) fours[1] = fours[0];
}

__global__ void fill(float* y) { y[threadIdx.x] = 1; }

// Running them

void check(cudaError_t code) {
    if (code != cudaSuccess) throw std::runtime_error(cudaGetErrorString(code));
}

struct Memory {
    explicit Memory(unsigned size) { check(cudaMalloc(&data, size * sizeof(float))); }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { cudaFree(data); }
    float* data = nullptr;
};

/// Launches a kernel in the default stream and waits for it.
template <class... P, class... A>
void run(void (*kernel)(P...), unsigned blocks, unsigned threads, std::size_t shared_bytes,
         const A&... arguments) {
    check(launch("kernel", kernel, dim3(blocks), dim3(threads), shared_bytes, nullptr,
                 std::tuple<P...>(arguments...)));
    check(cudaDeviceSynchronize());
}

/// The same with initialised memory for `size` elements.
template <auto kernel, unsigned blocks = 1, unsigned size = n, unsigned shared_bytes = 0>
void run() {
    Memory y(size);
    check(cudaMemset(y.data, 0, size * sizeof(float)));
    run(kernel, blocks, n, shared_bytes, y.data);
}
template <auto kernel>
void run_with_fewer() {
    Memory y(n);
    run(kernel, 1, n, 0, y.data, 50u);
}
template <Fences fences>
void run_last_block() {
    Memory y(4);
    check(cudaMemset(y.data, 0, 4 * sizeof(float)));
    run(last_block<fences>, 3, n, 0, y.data);
    float sum = 0;
    check(cudaMemcpy(&sum, y.data, sizeof sum, cudaMemcpyDeviceToHost));
    if (sum != 6) throw std::runtime_error("wrong result");
}
void run_uninitialised_global() {
    Memory y(n);
    run(uninitialised_global, 1, n, 0, y.data);
}
void run_with_host_pointer() {
    std::vector<float> y(n);
    run(fill, 1, n, 0, y.data());
}
void run_with_hidden_host_pointer() {
    std::vector<float> x(n, 1.0f);
    Memory y(n);
    run(read, 1, n, 0, Pointers{x.data()}, y.data);
}
void run_with_freed_memory() {
    Memory y(n);
    float* x = nullptr;
    check(cudaMalloc(&x, n * sizeof(float)));
    check(cudaMemset(x, 0, n * sizeof(float)));
    check(cudaFree(x));
    run(read, 1, n, 0, Pointers{x}, y.data);
}
void run_with_too_much_shared() { run<fill, 1, n, (48 << 10) + 4>(); }
void run_with_too_many_threads() {
    Memory y(2048);
    run(fill, 1, 1025, 0, y.data);
}
void run_without_blocks() { run<fill, 0>(); }

struct Stream {
    Stream() { check(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking)); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { cudaStreamDestroy(handle); }
    cudaStream_t handle = nullptr;
};
struct Pinned {
    Pinned() { check(cudaMallocHost(&data, n * sizeof(float))); }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;
    ~Pinned() { cudaFreeHost(data); }
    float* data = nullptr;
};

/// Checks the emulator itself: a host that reads too early reads NaN.
void read_before_copy_is_done() {
    Memory x(n);
    Pinned host;
    const Stream stream;
    for (unsigned i = 0; i < n; ++i) host.data[i] = 1;
    check(cudaMemset(x.data, 0, n * sizeof(float)));
    check(cudaMemcpyAsync(host.data, x.data, n * sizeof(float), cudaMemcpyDeviceToHost, stream.handle));
    if (host.data[0] != 0) throw std::runtime_error("a value that was not computed");
}
void change_before_copy_is_done() {
    Memory x(n);
    Pinned host;
    const Stream stream;
    for (unsigned i = 0; i < n; ++i) host.data[i] = 1;
    check(cudaMemcpyAsync(x.data, host.data, n * sizeof(float), cudaMemcpyHostToDevice, stream.handle));
    for (unsigned i = 0; i < n; ++i) host.data[i] = 2;
    check(cudaStreamSynchronize(stream.handle));
    check(cudaMemcpy(host.data, x.data, n * sizeof(float), cudaMemcpyDeviceToHost));
    if (host.data[0] != 1) throw std::runtime_error("a value that was not computed");
}
void streams_without_order() {
    Memory x(n);
    const Stream first, second;
    float host[n];
    check(cudaMemset(x.data, 0, n * sizeof(float)));
    check(launch("kernel", fill, dim3(1), dim3(n), 0, first.handle, std::tuple<float*>(x.data)));
    check(cudaMemcpyAsync(host, x.data, sizeof host, cudaMemcpyDeviceToHost, second.handle));
    if (host[0] != 1) throw std::runtime_error("a value that was not computed");
}
void host_reads_device_memory() {
    Memory x(n);
    check(cudaMemset(x.data, 0, n * sizeof(float)));
    check(cudaDeviceSynchronize());
    if (*const_cast<volatile float*>(x.data) == 0) throw std::runtime_error("no fault");
}
void allocation_while_capturing() {
    const Stream stream;
    check(cudaStreamBeginCapture(stream.handle, cudaStreamCaptureModeGlobal));
    const Memory x(n);
}
void capture_waits_for_work_outside() {
    const Stream stream, other;
    cudaEvent_t event = nullptr;
    check(cudaEventCreate(&event));
    check(cudaEventRecord(event, other.handle));
    check(cudaStreamBeginCapture(stream.handle, cudaStreamCaptureModeThreadLocal));
    check(cudaStreamWaitEvent(stream.handle, event, 0));
}
void synchronisation_while_capturing() {
    const Stream stream;
    check(cudaStreamBeginCapture(stream.handle, cudaStreamCaptureModeGlobal));
    check(cudaStreamSynchronize(stream.handle));
}
void freed_twice() {
    float* x = nullptr;
    check(cudaMalloc(&x, 4));
    check(cudaFree(x));
    check(cudaFree(x));
}
void freed_in_the_middle() {
    const Memory x(n);
    check(cudaFree(x.data + 1));
}
void copy_beyond_the_end() {
    const Memory x(n);
    std::vector<float> host(n + 1);
    check(cudaMemcpy(x.data, host.data(), host.size() * sizeof(float), cudaMemcpyHostToDevice));
}
void copy_in_the_wrong_direction() {
    const Memory x(n);
    std::vector<float> host(n);
    check(cudaMemcpy(x.data, host.data(), host.size() * sizeof(float), cudaMemcpyDeviceToHost));
}

constexpr const char* sanitizer = "Sanitizer";
constexpr const char* race = ": a race";

constexpr WrongKernel wrong[] = {
    {"missing barrier", run<missing_barrier>, nullptr, nullptr, "was never written by this block"},
    {"write after read", run<write_after_read>, nullptr, nullptr, race},
    {"two writers", run<two_writers>, nullptr, nullptr, race},
    {"missing barrier between two sums", run<missing_barrier_between_sums>, nullptr, nullptr, race},
    {"divergent barrier, two on one line", run<divergent_barrier>, "divergent barrier", "divergent barrier",
     "divergent barrier"},
    {"return before a barrier", run_with_fewer<return_before_barrier>, "divergent barrier",
     "divergent barrier", "divergent barrier"},
    {"barrier in some threads", run<barrier_in_some_threads>, "divergent barrier", "divergent barrier",
     "divergent barrier"},
    {"barrier and shuffle wait for each other", run<barrier_and_shuffle>, "deadlock", "deadlock", "deadlock"},
    {"write behind global memory", run<write_behind_global>, "byte 256 of an allocation of 256 bytes",
     sanitizer, "byte 256 of an allocation of 256 bytes"},
    {"read behind global memory", run<read_behind_global>, nullptr, sanitizer,
     "byte 256 of an allocation of 256 bytes"},
    {"write far behind global memory", run<write_far_behind_global>, nullptr, nullptr,
     "memory that is not allocated"},
    {"write behind shared memory", run<write_behind_shared>, nullptr, sanitizer, nullptr},
    {"write behind shared memory of a template", run<write_behind_shared_of_template<float>>, nullptr,
     sanitizer, nullptr},
    {"write behind dynamic shared memory", run<write_behind_dynamic_shared, 1, n, n * sizeof(float)>,
     "behind the dynamic shared memory", sanitizer, "byte 256 of dynamic shared memory, of 256"},
    {"read behind dynamic shared memory", run<read_behind_dynamic_shared, 1, n, n * sizeof(float)>, nullptr,
     sanitizer, "byte 256 of dynamic shared memory, of 256"},
    {"uninitialised shared memory", run<uninitialised_shared>, nullptr, nullptr,
     "was never written by this block"},
    {"shared memory of another block", run<shared_of_another_block, 2, 2 * n>, nullptr, nullptr,
     "was never written by this block"},
    {"uninitialised global memory", run_uninitialised_global, nullptr, nullptr, "was never written"},
    {"race between blocks", run<race_between_blocks, 2>, nullptr, nullptr, "nothing orders the blocks"},
    {"read of another block's result", run<read_of_another_block, 2, 2 * n>, nullptr, nullptr,
     "nothing orders the blocks"},
    {"last block, fence before it arrives missing", run_last_block<Fences::first_missing>, nullptr, nullptr,
     "nothing orders the blocks"},
    {"last block, fence behind missing", run_last_block<Fences::second_missing>, nullptr, nullptr,
     "nothing orders the blocks"},
    {"last block, fence before it writes", run_last_block<Fences::before_writing>, nullptr, nullptr,
     "nothing orders the blocks"},
    {"sum without atomic operations", run<sum_without_atomic>, nullptr, nullptr, race},
    {"global memory without a barrier", run<global_without_barrier>, nullptr, nullptr, race},
    {"shuffle in some lanes", run<shuffle_in_some_lanes>, "returned", "returned", "returned"},
    {"shuffles at two places", run<shuffles_at_two_places>, "at different calls", "at different calls",
     "at different calls"},
    {"shuffle from outside of the mask", run<shuffle_from_outside_of_mask>, "not in the mask",
     "not in the mask", "not in the mask"},
    {"shuffle of a lane not in its mask", run<shuffle_not_in_own_mask>, "is not in the mask it gives",
     "is not in the mask it gives", "is not in the mask it gives"},
    {"shuffle with a lane that has returned", run_with_fewer<shuffle_with_returned_lane>, "returned",
     "returned", "returned"},
    {"warp without __syncwarp", run<warp_without_syncwarp>, nullptr, nullptr, race},
    {"host pointer", run_with_host_pointer, "is of the host", "is of the host", "is of the host"},
    {"host pointer in a struct", run_with_hidden_host_pointer, nullptr, nullptr, "memory of the host"},
    {"use after free", run_with_freed_memory, nullptr, sanitizer, "freed"},
    {"misaligned access", run<misaligned>, nullptr, nullptr, "no multiple"},
    {"too much shared memory", run_with_too_much_shared, "invalid configuration", "invalid configuration",
     "invalid configuration"},
    {"too many threads", run_with_too_many_threads, "invalid configuration", "invalid configuration",
     "invalid configuration"},
    {"no blocks", run_without_blocks, "invalid configuration", "invalid configuration",
     "invalid configuration"},
    {"read before a copy is done", read_before_copy_is_done, "was not computed", "was not computed",
     "was not computed"},
    {"change before a copy is done", change_before_copy_is_done, "was not computed", "was not computed",
     "was not computed"},
    {"two streams without an order", streams_without_order, "was not computed", "was not computed",
     "was not computed"},
    {"host reads the GPU's memory", host_reads_device_memory, "signal", "signal", "signal"},
    {"allocation while capturing", allocation_while_capturing, "not permitted when stream is capturing",
     "not permitted when stream is capturing", "not permitted when stream is capturing"},
    {"wait of a capture for work outside of it", capture_waits_for_work_outside,
     "dependency created on uncaptured work", "dependency created on uncaptured work",
     "dependency created on uncaptured work"},
    {"synchronisation while capturing", synchronisation_while_capturing,
     "not permitted when stream is capturing", "not permitted when stream is capturing",
     "not permitted when stream is capturing"},
    {"freed twice", freed_twice, "invalid argument", "invalid argument", "invalid argument"},
    {"freed in the middle", freed_in_the_middle, "invalid argument", "invalid argument", "invalid argument"},
    {"copy beyond the end", copy_beyond_the_end, "invalid argument", "invalid argument", "invalid argument"},
    {"copy in the wrong direction", copy_in_the_wrong_direction, "invalid argument", "invalid argument",
     "invalid argument"},
};

// Correct kernels

void expect(const float* device, unsigned size, float value) {
    std::vector<float> host(size);
    check(cudaMemcpy(host.data(), device, size * sizeof(float), cudaMemcpyDeviceToHost));
    for (const float number : host)
        if (number != value) throw std::runtime_error("wrong result");
}

/// Both sums, with the barrier that missing_barrier_between_sums lacks.
__global__ void two_sums(float* y) {
    __shared__ float partial[2];
    const float first = block_sum(1, partial);
    __syncthreads();
    y[blockIdx.x * n + threadIdx.x] = first + block_sum(2, partial);
}

/// Computes y = x + x in tiles that alternate between two halves of shared memory: one barrier per tile.
__global__ void double_buffer(const float* x, float* y, unsigned tiles) {
    __shared__ float s[2][n];
    s[0][threadIdx.x] = x[threadIdx.x];
    for (unsigned tile = 0; tile < tiles; ++tile) {
        __syncthreads();
        if (tile + 1 < tiles) s[(tile + 1) % 2][threadIdx.x] = x[(tile + 1) * n + threadIdx.x];
        y[tile * n + threadIdx.x] = 2 * s[tile % 2][n - 1 - threadIdx.x];
    }
}

/// A tree reduction in one warp, with __syncwarp between levels.
__global__ void warp_tree(float* y) {
    __shared__ float s[n];
    s[threadIdx.x] = 1;
    __syncthreads();
    if (threadIdx.x < 32) {
        for (unsigned distance = 32; distance > 0; distance /= 2) {
            if (threadIdx.x < distance) s[threadIdx.x] += s[threadIdx.x + distance];
            __syncwarp();
        }
    }
    __syncthreads();
    y[threadIdx.x] = s[0];
}

/// Half of the threads return early.
__global__ void some_return(float* y) {
    float mine = 1;
    mine += __shfl_down_sync(~0u, mine, 1);
    if (threadIdx.x >= n / 2) return;
    y[threadIdx.x] = 2;
    if (threadIdx.x < 8) mine += __shfl_xor_sync(0xffu, mine, 4, 8);
    y[threadIdx.x + n / 2] = 2;
}

__global__ void histogram(int* bins) {
    __shared__ int mine[4];
    if (threadIdx.x < 4) mine[threadIdx.x] = 0;
    __syncthreads();
    atomicAdd(&mine[threadIdx.x % 4], 1);
    __syncthreads();
    if (threadIdx.x < 4) atomicAdd(&bins[threadIdx.x], mine[threadIdx.x]);
}

/// Adjacent threads write bytes of the same word.
__global__ void bytes(unsigned char* y) {
    __shared__ unsigned char s[n];
    s[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = s[(threadIdx.x + 1) % n];
}

__global__ void dynamic_shared(float* y) {
    GANTRY_DYNAMIC_SHARED(float, s);
    s[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = s[n - 1 - threadIdx.x];
}

__global__ void copy_fours(const Four* x, Four* y) { y[threadIdx.x] = x[threadIdx.x]; }

void run_double_buffer() {
    constexpr unsigned tiles = 5;
    Memory x(tiles * n), y(tiles * n);
    const std::vector<float> ones(tiles * n, 1.0f);
    check(cudaMemcpy(x.data, ones.data(), ones.size() * sizeof(float), cudaMemcpyHostToDevice));
    run(double_buffer, 1, n, 0, x.data, y.data, tiles);
    expect(y.data, tiles * n, 2);
}
template <auto kernel, int value, unsigned blocks = 1, unsigned shared_bytes = 0>
void run_right() {
    Memory y(blocks * n);
    run(kernel, blocks, n, shared_bytes, y.data);
    expect(y.data, blocks * n, value);
}
void run_histogram() {
    Memory y(4);
    check(cudaMemset(y.data, 0, 4 * sizeof(int)));
    run(histogram, 10, n, 0, reinterpret_cast<int*>(y.data));
    int host[4];
    check(cudaMemcpy(host, y.data, sizeof host, cudaMemcpyDeviceToHost));
    for (const int bin : host)
        if (bin != 10 * n / 4) throw std::runtime_error("wrong result");
}
void run_bytes() {
    Memory y(n);
    run(bytes, 1, n, 0, reinterpret_cast<unsigned char*>(y.data));
}
void run_copy_fours() {
    Memory x(4 * n), y(4 * n);
    check(cudaMemset(x.data, 0, 4 * n * sizeof(float)));
    run(copy_fours, 1, n, 0, reinterpret_cast<const Four*>(x.data), reinterpret_cast<Four*>(y.data));
    expect(y.data, 4 * n, 0);
}

constexpr RightKernel right[] = {
    {"two sums", run_right<two_sums, 3 * n, 3>},
    {"two halves of shared memory in turn", run_double_buffer},
    {"tree in a warp", run_right<warp_tree, n>},
    {"some threads return", run_right<some_return, 2>},
    {"atomic operations", run_histogram},
    {"the last block adds up", run_last_block<Fences::right>},
    {"bytes of one word", run_bytes},
    {"dynamic shared memory", run_right<dynamic_shared, 1, 1, n * sizeof(float)>},
    {"16 bytes at a time", run_copy_fours},
};

}  // namespace

std::span<const WrongKernel> wrong_kernels() { return wrong; }
std::span<const RightKernel> right_kernels() { return right; }

bool compiled_with_address_sanitizer() { return address_sanitizer; }
bool compiled_for_race_checks() {
#ifdef CUDA_EMULATOR_ACCESSES_ARE_TOLD
    return true;
#else
    return false;
#endif
}

}  // namespace cuda_emulator::test
