#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>
#include <vector>

namespace gantry::cpu {

/// Memory for `count` T of a kernel that runs on this thread, aligned to a cache line, until its next call
/// of scratch with the same T and slot; a kernel that needs two at a time takes two slots. It grows to the
/// largest size asked for and stays, so that a steady step allocates nothing.
template <class T, int slot = 0>
T* scratch(std::size_t count) {
    struct alignas(64) Line {
        std::byte bytes[64];
    };
    thread_local std::vector<Line> lines;
    const std::size_t needed = (count * sizeof(T) + sizeof(Line) - 1) / sizeof(Line);
    if (lines.size() < needed) {
        lines.clear();  // so that nothing is copied
        lines.resize(needed);
    }
    return reinterpret_cast<T*>(lines.data());
}

}  // namespace gantry::cpu
