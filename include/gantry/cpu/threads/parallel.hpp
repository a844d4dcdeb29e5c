#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/threads/workers.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Calls f(part, parts) for 0 <= part < parts, on up to `parts` threads. One thread may run several parts in
/// sequence, so no part may wait for another. Kernels must give the same bits for any number of parts: parts
/// must not determine how a sum is split. After all parts have ended, throws the first exception thrown by f.
template <class F>
void parallel(int parts, const F& f) {
    if (parts > 1) {
        detail::Region region(parts, f);
        detail::Workers::of_process().run(region);
    } else {
        const FloatEnvironment environment;
        f(0, 1);
    }
}

/// Splits [0, size) into one range per thread, with boundaries at multiples of `unit`, and calls f(begin,
/// end) for each non-empty range. A thread is used only if it gets at least `worthwhile` elements, since
/// waking one costs a few microseconds.
template <class F>
void parallel_ranges(int threads, std::size_t size, std::size_t unit, std::size_t worthwhile, const F& f) {
    const std::size_t useful = std::max<std::size_t>(1, size / std::max<std::size_t>(1, worthwhile));
    const std::size_t units = (size + unit - 1) / unit;
    parallel(static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads), useful)),
             [&](int part, int parts) {
                 const auto border = [&](int p) {
                     return std::min(
                         size, units * static_cast<std::size_t>(p) / static_cast<std::size_t>(parts) * unit);
                 };
                 if (border(part) < border(part + 1)) f(border(part), border(part + 1));
             });
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
