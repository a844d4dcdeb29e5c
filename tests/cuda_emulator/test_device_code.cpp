// The built-ins available to kernels, and the execution of blocks and threads.
#include "device_code.hpp"
#include "options.hpp"
#include "support/catch.hpp"

#include <vector>

using cuda_emulator::Order;

namespace {

/// GPU memory for `size` values, all 0.
template <class T>
class Numbers {
public:
    explicit Numbers(unsigned size) : size_(size) {
        REQUIRE(cudaMalloc(&data_, size * sizeof(T)) == cudaSuccess);
        REQUIRE(cudaMemset(data_, 0, size * sizeof(T)) == cudaSuccess);
    }
    Numbers(const Numbers&) = delete;
    Numbers& operator=(const Numbers&) = delete;
    ~Numbers() { cudaFree(data_); }

    T* data() const { return data_; }
    std::vector<T> read() const {
        std::vector<T> host(size_);
        REQUIRE(cudaMemcpy(host.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess);
        return host;
    }

private:
    T* data_ = nullptr;
    unsigned size_;
};

template <class... P, class... A>
void run(void (*kernel)(P...), dim3 blocks, dim3 threads, const A&... arguments) {
    REQUIRE(cuda_emulator::launch("kernel", kernel, blocks, threads, 0, nullptr,
                                  std::tuple<P...>(arguments...)) == cudaSuccess);
    INFO(cuda_emulator::last_report());
    REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
}

__global__ void number_threads(int* y) {
    const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    y[block * blockDim.x * blockDim.y * blockDim.z + thread] = static_cast<int>(thread + 1000 * block);
}

__global__ void shuffles(int* y, int width) {
    const int lane = static_cast<int>(threadIdx.x);
    y[lane] = __shfl_sync(~0u, lane, 3, width);
    y[lane + 32] = __shfl_up_sync(~0u, lane, 2, width);
    y[lane + 64] = __shfl_down_sync(~0u, lane, 2, width);
    y[lane + 96] = __shfl_xor_sync(~0u, lane, 5, width);
}

__global__ void votes(unsigned* y) {
    const unsigned lane = threadIdx.x;
    y[0] = __ballot_sync(~0u, lane % 3 == 0);
    y[1] = static_cast<unsigned>(__any_sync(~0u, lane == 31));
    y[2] = static_cast<unsigned>(__any_sync(~0u, 0));
    y[3] = static_cast<unsigned>(__all_sync(~0u, lane < 32));
    y[4] = static_cast<unsigned>(__all_sync(~0u, lane < 31));
}

__global__ void barrier_votes(int* y) {
    const int count = __syncthreads_count(threadIdx.x % 3 == 0);
    const int any = __syncthreads_or(threadIdx.x == 99), none = __syncthreads_or(0);
    const int all = __syncthreads_and(1), not_all = __syncthreads_and(threadIdx.x != 99);
    if (threadIdx.x == 7) {
        y[0] = count;
        y[1] = any;
        y[2] = none;
        y[3] = all;
        y[4] = not_all;
    }
}

__global__ void atomics(int* y, unsigned* u, float* f) {
    const int i = static_cast<int>(threadIdx.x);
    atomicAdd(&y[0], i);
    atomicSub(&y[1], 1);
    atomicMax(&y[2], i);
    atomicMin(&y[3], -i);
    atomicOr(&u[0], 1u << i % 32);
    atomicXor(&u[1], 1u);
    atomicInc(&u[2], 9u);
    atomicAdd(f, 0.5f);
    float* const product = f + 1;  // adds 1 by compare-and-swap
    unsigned* const bits = reinterpret_cast<unsigned*>(product);
    unsigned seen = 0, assumed = 0;
    do {
        assumed = seen;
        seen = atomicCAS(bits, assumed, __float_as_uint(__uint_as_float(assumed) + 1));
    } while (seen != assumed);
}

__global__ void last_one_writes(int* y) { y[0] = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); }

template <int depth>
__device__ int deep(int x) {
    volatile int local[64];
    for (int i = 0; i < 64; ++i) local[i] = x + i;
    __syncthreads();
    if constexpr (depth == 0)
        return local[x % 64];
    else
        return deep<depth - 1>(local[x % 64] % 64) + 1;
}
/// Suspends threads inside functions, with local variables, while others run.
__global__ void keep_variables(int* y) {
    const int mine = static_cast<int>(threadIdx.x % 32);
    y[threadIdx.x] = deep<5>(mine);
}

}  // namespace

TEST_CASE("every thread of every block runs once, with its coordinates") {
    const dim3 blocks(3, 2, 2), threads(5, 4, 3);
    for (const Order order : {Order::forward, Order::reverse, Order::shuffled}) {
        cuda_emulator::set_order(order, 3);
        const Numbers<int> y(12 * 60);
        run(number_threads, blocks, threads, y.data());
        const auto host = y.read();
        for (int i = 0; i < 12 * 60; ++i)
            CHECK(host[static_cast<std::size_t>(i)] == i % 60 + 1000 * (i / 60));
    }
    cuda_emulator::set_order(Order::forward);
}

TEST_CASE("blocks and threads run in the requested order") {
    const Numbers<int> y(1);
    run(last_one_writes, 10, 100, y.data());
    CHECK(y.read()[0] == 999);
    cuda_emulator::set_order(Order::reverse);
    run(last_one_writes, 10, 100, y.data());
    CHECK(y.read()[0] == 0);
    cuda_emulator::set_order(Order::forward);
}

TEST_CASE("shuffles move values within segments of a warp") {
    const int width = GENERATE(8, 32);
    const Numbers<int> y(128);
    run(shuffles, 1, 32, y.data(), width);
    const auto host = y.read();
    for (int lane = 0; lane < 32; ++lane) {
        CAPTURE(width, lane);
        const int first = lane / width * width, last = first + width - 1;
        const auto at = [&](int part) { return host[static_cast<std::size_t>(32 * part + lane)]; };
        CHECK(at(0) == first + 3);
        CHECK(at(1) == (lane - 2 >= first ? lane - 2 : lane));
        CHECK(at(2) == (lane + 2 <= last ? lane + 2 : lane));
        CHECK(at(3) == (lane ^ 5));
    }
}

TEST_CASE("votes of a warp and of a block") {
    const Numbers<unsigned> warp(5);
    run(votes, 1, 32, warp.data());
    CHECK(warp.read() == std::vector<unsigned>{0x49249249u, 1, 0, 1, 0});
    const Numbers<int> block(5);
    run(barrier_votes, 1, 100, block.data());
    CHECK(block.read() == std::vector<int>{34, 1, 0, 1, 0});
}

TEST_CASE("atomic operations") {
    const Numbers<int> y(4);
    const Numbers<unsigned> u(3);
    const Numbers<float> f(2);
    run(atomics, 2, 50, y.data(), u.data(), f.data());
    CHECK(y.read() == std::vector<int>{2450, -100, 49, -49});
    CHECK(u.read() == std::vector<unsigned>{~0u, 0, 0});
    CHECK(f.read() == std::vector<float>{50, 100});
}

TEST_CASE("waiting threads keep their variables") {
    const Numbers<int> y(1024);
    run(keep_variables, 1, 1024, y.data());
    const auto host = y.read();
    for (int i = 0; i < 1024; ++i) {
        int x = i % 32;
        for (int depth = 0; depth < 5; ++depth) x = (2 * x) % 64;
        CHECK(host[static_cast<std::size_t>(i)] == 2 * x + 5);
    }
}
