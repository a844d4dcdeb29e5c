#pragma once
#include <gantry/core/compiler.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace gantry::cpu {

namespace detail {

/// The scratch memory of a thread, and that of the parts of the parallel regions that it starts: a part finds
/// its own, whichever thread runs it, so that a kernel allocates nothing from its second call on.
class ScratchMemory {
public:
    struct alignas(64) Line {
        std::byte bytes[64];
    };

    /// Where the calling thread is at the moment.
    static ScratchMemory*& current() {
        thread_local ScratchMemory own;
        thread_local ScratchMemory* current = &own;
        return current;
    }

    std::vector<Line>& slot(std::size_t number) {
        if (slots_.size() <= number) slots_.resize(number + 1);
        return slots_[number];
    }
    /// Makes sure that there is memory for the parts of a region.
    void prepare(int parts) {
        while (parts_.size() < static_cast<std::size_t>(parts))
            parts_.push_back(std::make_unique<ScratchMemory>());
    }
    ScratchMemory& part(int number) { return *parts_[static_cast<std::size_t>(number)]; }

private:
    std::vector<std::vector<Line>> slots_;
    std::vector<std::unique_ptr<ScratchMemory>> parts_;
};

/// A number for each kind of scratch memory.
inline std::size_t next_scratch_slot() {
    static std::atomic<std::size_t> next = 0;
    return next++;
}

}  // namespace detail

/// Memory for `count` T of a kernel, aligned to a cache line, until the next call of scratch with the same T
/// and slot in this part of a parallel region, or outside of regions on this thread; a kernel that needs two
/// at a time takes two slots. It grows to the largest size asked for and stays, so that a steady step
/// allocates nothing.
template <class T, int slot = 0>
T* scratch(std::size_t count) {
    using Line = detail::ScratchMemory::Line;
    static const std::size_t number = detail::next_scratch_slot();
    std::vector<Line>& lines = detail::ScratchMemory::current()->slot(number);
    const std::size_t needed = (count * sizeof(T) + sizeof(Line) - 1) / sizeof(Line);
    if (lines.size() < needed) {
        lines.clear();  // so that nothing is copied
        lines.resize(needed);
    }
    return reinterpret_cast<T*>(lines.data());
}

}  // namespace gantry::cpu
