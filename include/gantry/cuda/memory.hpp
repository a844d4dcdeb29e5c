#pragma once
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/stream.hpp>

#include <cstddef>

namespace gantry::cuda {

/// Memory of a GPU. Fills and copies take their turn in one stream, behind the kernels that were started
/// before.
class Memory {
public:
    void* allocate(std::size_t bytes) {
        stream_.flush();
        void* memory = nullptr;
        check(cudaMalloc(&memory, bytes), "cudaMalloc");
        return memory;
    }
    /// Waits for the GPU, as cudaFree does.
    void release(void* memory, std::size_t) noexcept {
        try {
            stream_.flush();
        } catch (const Error&) {  // destructors come here; the GPU's errors stay, and show at the next call
        }
        cudaFree(memory);
    }
    void fill(void* memory, std::byte value, std::size_t bytes) {
        check(cudaMemsetAsync(memory, std::to_integer<int>(value), bytes, stream_.get()), "cudaMemsetAsync");
    }
    /// Waits until the numbers are there.
    void copy_to_host(void* host, const void* memory, std::size_t bytes) {
        stream_.flush();
        check(cudaMemcpyAsync(host, memory, bytes, cudaMemcpyDeviceToHost, stream_.get()), "cudaMemcpyAsync");
        stream_.synchronize();
    }
    /// `host` may be changed once it returns.
    void copy_from_host(void* memory, const void* host, std::size_t bytes) {
        stream_.flush();
        check(cudaMemcpyAsync(memory, host, bytes, cudaMemcpyHostToDevice, stream_.get()), "cudaMemcpyAsync");
        stream_.synchronize();
    }

    Stream& stream() { return stream_; }

private:
    Stream stream_;
};

/// `size` numbers on the host that a GPU reads and writes by itself, while the host goes on (page-locked).
template <class T>
class PinnedBuffer {
public:
    explicit PinnedBuffer(std::size_t size) : size_(size) {
        check(cudaMallocHost(reinterpret_cast<void**>(&data_), size * sizeof(T)), "cudaMallocHost");
    }
    PinnedBuffer(const PinnedBuffer&) = delete;
    PinnedBuffer& operator=(const PinnedBuffer&) = delete;
    ~PinnedBuffer() { cudaFreeHost(data_); }

    T* data() const { return data_; }
    std::size_t size() const { return size_; }

private:
    T* data_ = nullptr;
    std::size_t size_;
};

}  // namespace gantry::cuda
