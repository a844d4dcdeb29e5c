#pragma once
#include <gantry/core/compiler.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

namespace gantry::core {

/// Bump allocator for the memory of one step. The first step grows it piece by piece; `reset` then merges the
/// pieces into one block, so later steps of the same size allocate nothing.
/// Memory: `void* allocate(std::size_t bytes)`, `void release(void*, std::size_t bytes)` and
/// `void fill(void*, std::byte, std::size_t bytes)`.
template <class Memory>
class Arena {
public:
    static constexpr std::size_t alignment = 64;  ///< bytes, a cache line

    /// Allocates from `memory`, which must outlive it.
    explicit Arena(Memory& memory) : memory_(&memory) {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() { release(); }

    /// Returns `bytes` bytes, aligned to `alignment` and valid until the next reset. Uninitialised unless
    /// poisoned.
    void* allocate(std::size_t bytes) {
        bytes = (bytes + alignment - 1) / alignment * alignment;
        if (static_cast<std::size_t>(end_ - next_) < bytes) grow(bytes);
        std::byte* result = std::exchange(next_, next_ + bytes);
        used_ += bytes;
        if (poisoned_) memory_->fill(result, std::byte{0xFF}, bytes);
        return result;
    }
    /// Invalidates all allocations and keeps the memory for the next step. Never throws, because a step may
    /// end during stack unwinding; if merging the pieces fails, the next `allocate` tries again.
    void reset() noexcept {
        peak_ = std::max(peak_, used_);
        used_ = 0;
        try {
            if (pieces_.size() > 1) {
                release();
                grow(peak_);
            }
            next_ = pieces_.empty() ? nullptr : pieces_.front().begin;
            if (poisoned_ && next_)
                memory_->fill(next_, std::byte{0xFF}, static_cast<std::size_t>(end_ - next_));
        } catch (const std::exception&) {
        }
    }
    /// Largest number of bytes used by any step.
    std::size_t peak() const { return std::max(peak_, used_); }
    /// Bytes allocated since the last reset.
    std::size_t used() const { return used_; }
    /// Fills memory with NaN (bytes 0xFF) when it is allocated and when a step ends, to expose elements that
    /// a kernel leaves unwritten or reads after the step. Slow; on by default in debug builds (neither
    /// optimisation nor NDEBUG).
    void poison(bool on) { poisoned_ = on; }
    /// True if memory is filled with NaN.
    bool poisoned() const { return poisoned_; }

private:
    struct Piece {
        std::byte* begin;
        std::size_t size;
    };
    void grow(std::size_t bytes) {
        const std::size_t used_up = pieces_.empty() ? 0 : pieces_.back().size;
        const std::size_t size = std::max({bytes, used_up, std::size_t{1} << 16});
        pieces_.reserve(pieces_.size() + 1);  // so that push_back below cannot throw and leak the block
        next_ = static_cast<std::byte*>(memory_->allocate(size));
        end_ = next_ + size;
        pieces_.push_back({next_, size});
    }
    void release() {
        for (const Piece& piece : pieces_) memory_->release(piece.begin, piece.size);
        pieces_.clear();
        next_ = end_ = nullptr;
    }

    Memory* memory_;
    std::vector<Piece> pieces_;
    std::byte *next_ = nullptr, *end_ = nullptr;
    std::size_t used_ = 0, peak_ = 0;
#if defined(NDEBUG) || defined(__OPTIMIZE__)
    bool poisoned_ = false;
#else
    bool poisoned_ = true;
#endif
};

}  // namespace gantry::core
