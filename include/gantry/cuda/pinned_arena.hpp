#pragma once
#include <gantry/cuda/pinned_memory.hpp>
#include <gantry/cuda/stream.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace gantry::cuda {

/// A ring of page-locked host memory for uploads: values are staged here until the GPU copies them, so the
/// host does not wait, and a copy can be part of a graph. The host waits for the GPU only when the ring wraps
/// around.
class PinnedArena {
public:
    static constexpr std::size_t largest_piece = std::size_t{16} << 20;  ///< of one upload, in bytes

    /// Memory for `bytes` <= largest_piece, valid until the copy that the caller enqueues from it is done.
    /// Room for 4 to 16 of the largest upload so far, at least 1 MiB.
    void* take(std::size_t bytes, Stream& stream) {
        bytes = (bytes + alignment - 1) / alignment * alignment;
        if (4 * bytes > size_) {
            stream.synchronize();
            memory_.reset();
            size_ = next_ = 0;
            const std::size_t size = std::clamp(16 * bytes, std::size_t{1} << 20, 4 * largest_piece);
            memory_ = allocate_pinned(size);
            size_ = size;
        } else if (next_ + bytes > size_) {
            stream.synchronize();
            next_ = 0;
        }
        return memory_.get() + std::exchange(next_, next_ + bytes);
    }

private:
    static constexpr std::size_t alignment = 64;

    PinnedMemory memory_;
    std::size_t size_ = 0, next_ = 0;
};

}  // namespace gantry::cuda
