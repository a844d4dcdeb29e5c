#pragma once
#include <gantry/core/compiler.hpp>
#include <gantry/core/target.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace gantry::cpu::inline GANTRY_TARGET {

namespace detail {

/// Scratch memory of a thread and of the parts of the parallel regions that it starts. A part always gets the
/// same memory, whichever thread runs it, so a kernel allocates nothing after its first call.
class ScratchMemory {
public:
    struct alignas(64) Line {
        std::byte bytes[64];
    };

    /// The scratch memory that the calling thread currently uses: its own, or that of the part it runs.
    static ScratchMemory*& current() {
        thread_local ScratchMemory own;
        thread_local ScratchMemory* current = &own;
        return current;
    }

    std::vector<Line>& slot(std::size_t number) {
        if (slots_.size() <= number) slots_.resize(number + 1);
        return slots_[number];
    }
    /// Creates the scratch memory of the parts of a region.
    void prepare(int parts) {
        while (parts_.size() < static_cast<std::size_t>(parts))
            parts_.push_back(std::make_unique<ScratchMemory>());
    }
    ScratchMemory& part(int number) { return *parts_[static_cast<std::size_t>(number)]; }

private:
    std::vector<std::vector<Line>> slots_;
    std::vector<std::unique_ptr<ScratchMemory>> parts_;
};

/// A unique slot number for each instantiation of `scratch`.
inline std::size_t next_scratch_slot() {
    static std::atomic<std::size_t> next = 0;
    return next++;
}

}  // namespace detail

/// Returns memory for `count` T with unspecified contents, aligned to a cache line. It is valid until the
/// next call with the same T and slot in this part of a parallel region or, outside regions, on this thread;
/// a kernel that needs two buffers of a type uses two slots. It grows to the largest size requested and is
/// kept, so a steady-state step allocates nothing.
template <class T, int slot = 0>
T* scratch(std::size_t count) {
    using Line = detail::ScratchMemory::Line;
    static const std::size_t number = detail::next_scratch_slot();
    std::vector<Line>& lines = detail::ScratchMemory::current()->slot(number);
    const std::size_t needed = (count * sizeof(T) + sizeof(Line) - 1) / sizeof(Line);
    if (lines.size() < needed) {
        lines.clear();  // so that resize does not copy the old elements
        lines.resize(needed);
    }
    return reinterpret_cast<T*>(lines.data());
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
