#pragma once
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/pinned_arena.hpp>
#include <gantry/cuda/stream.hpp>

#include <cstddef>
#include <cstring>

namespace gantry::cuda {

/// Memory of the GPU that was current at construction. Fills and copies run in one stream, after the kernels
/// launched before them. Every member function makes that GPU current.
class Memory {
public:
    /// Allocates `bytes` on the GPU. Errors: its memory is full.
    void* allocate(std::size_t bytes) {
        stream_.gpu().make_current();
        stream_.flush();
        void* memory = nullptr;
        check(cudaMalloc(&memory, bytes), "cudaMalloc");
        return memory;
    }
    /// Frees the memory. Waits for the GPU, as cudaFree does.
    void release(void* memory, std::size_t) noexcept {
        stream_.gpu().try_make_current();
        try {
            stream_.flush();
        } catch (const Error&) {  // used by destructors; sticky errors surface at the next call
        }
        cudaFree(memory);
    }
    /// Sets every byte to `value`.
    void fill(void* memory, std::byte value, std::size_t bytes) {
        check(cudaMemsetAsync(memory, std::to_integer<int>(value), bytes, stream_.get()), "cudaMemsetAsync");
    }
    /// Copies to the host and waits for the values.
    void copy_to_host(void* host, const void* memory, std::size_t bytes) {
        stream_.flush();
        check(cudaMemcpyAsync(host, memory, bytes, cudaMemcpyDeviceToHost, stream_.get()), "cudaMemcpyAsync");
        stream_.synchronize();
    }
    /// The host buffer may be reused on return. Synchronises only for copies larger than
    /// PinnedArena::largest_piece.
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

    /// Free bytes on the GPU, which other programs use, too.
    std::size_t free_bytes() const {
        stream_.gpu().make_current();
        std::size_t free = 0, total = 0;
        check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
        return free;
    }

    /// The stream of fills, copies and kernels.
    Stream& stream() { return stream_; }

private:
    PinnedArena uploads_;  // must outlive the stream, whose destructor waits for the copies
    Stream stream_;
};

}  // namespace gantry::cuda
