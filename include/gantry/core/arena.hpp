#pragma once
#include <gantry/core/compiler.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

namespace gantry {

/// Memory of one step. The first step finds out how much is needed; `reset` then merges the pieces into one,
/// so that later steps of the same size allocate nothing. Memory: `void* allocate(std::size_t bytes)`, `void
/// release(void*, std::size_t bytes)`, and `void fill(void*, std::byte, std::size_t bytes)`.
template <class Memory>
class Arena {
public:
    static constexpr std::size_t alignment = 64;

    explicit Arena(Memory& memory) : memory_(&memory) {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() { release(); }

    /// `bytes` bytes, aligned to a cache line, valid until the next reset.
    void* allocate(std::size_t bytes) {
        bytes = (bytes + alignment - 1) / alignment * alignment;
        if (static_cast<std::size_t>(end_ - next_) < bytes) grow(bytes);
        std::byte* result = std::exchange(next_, next_ + bytes);
        used_ += bytes;
        if (poisoned_) memory_->fill(result, std::byte{0xFF}, bytes);
        return result;
    }
    /// Never fails, since steps end by exceptions too: what could not be had is asked for again by the next
    /// `allocate`.
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
    /// Largest number of bytes that a step has used.
    std::size_t peak() const { return std::max(peak_, used_); }
    std::size_t used() const { return used_; }
    /// From now on memory is filled with NaN before it is handed out and when a step ends, so that an element
    /// that a kernel forgets to write, or reads too late, shows. Slow; on by default in debug builds (no
    /// optimisation, no NDEBUG).
    void poison(bool on) { poisoned_ = on; }
    bool poisoned() const { return poisoned_; }

private:
    struct Piece {
        std::byte* begin;
        std::size_t size;
    };
    void grow(std::size_t bytes) {
        const std::size_t used_up = pieces_.empty() ? 0 : pieces_.back().size;
        const std::size_t size = std::max({bytes, used_up, std::size_t{1} << 16});
        pieces_.reserve(pieces_.size() + 1);  // so that a failed allocation leaves nothing half done
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

}  // namespace gantry
