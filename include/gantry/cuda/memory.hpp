#pragma once
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/pinned_arena.hpp>
#include <gantry/cuda/stream.hpp>

#include <cstddef>
#include <cstring>

namespace gantry::cuda {

/// Memory of the GPU that was current when this was made. Fills and copies take their turn in one stream,
/// behind the kernels that were started before. Every member function makes that GPU current.
class Memory {
public:
    void* allocate(std::size_t bytes) {
        stream_.gpu().make_current();
        stream_.flush();
        void* memory = nullptr;
        check(cudaMalloc(&memory, bytes), "cudaMalloc");
        return memory;
    }
    /// Waits for the GPU, as cudaFree does.
    void release(void* memory, std::size_t) noexcept {
        stream_.gpu().try_make_current();
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
    /// `host` may be changed once it returns. Waits for the GPU only where the numbers are many.
    void copy_from_host(void* memory, const void* host, std::size_t bytes) {
        if (bytes == 0) return;
        const bool waits = bytes > PinnedArena::largest_piece;
        if (waits)
            stream_.flush();
        else
            host = std::memcpy(uploads_.take(bytes, stream_), host, bytes);
        check(cudaMemcpyAsync(memory, host, bytes, cudaMemcpyHostToDevice, stream_.get()), "cudaMemcpyAsync");
        if (waits) stream_.synchronize();
    }

    /// Bytes that are free on the GPU, for this program and others.
    std::size_t free_bytes() const {
        stream_.gpu().make_current();
        std::size_t free = 0, total = 0;
        check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
        return free;
    }

    Stream& stream() { return stream_; }

private:
    PinnedArena uploads_;  // outlives the stream, whose end waits for the copies
    Stream stream_;
};

}  // namespace gantry::cuda
