#pragma once
#include <gantry/cuda/pinned_memory.hpp>
#include <gantry/cuda/stream.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace gantry::cuda {

/// Page-locked memory of the host, where numbers wait until a GPU fetches them: the host goes on at once, and
/// a copy can be a part of a graph. It is used from front to back, again and again; only before it begins
/// anew does the host wait for the GPU.
class PinnedArena {
public:
    static constexpr std::size_t largest_piece = std::size_t{16} << 20;  ///< bytes

    /// Memory for `bytes` <= largest_piece, until the work that is put into the stream now is done. The first
    /// pieces tell how much is needed: room for 4 of the largest, and for 16 if they are small.
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
