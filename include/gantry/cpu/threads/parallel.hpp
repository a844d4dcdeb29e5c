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

/// Elements [begin, end).
struct Range {
    std::size_t begin = 0, end = 0;

    constexpr std::size_t size() const { return end - begin; }
};
/// Share `i` of `shares` nearly equal shares of [0, size): the rule by which all work is split.
constexpr Range share(std::size_t size, std::size_t i, std::size_t shares) {
    return {size * i / shares, size * (i + 1) / shares};
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
                 const Range range =
                     share(units, static_cast<std::size_t>(part), static_cast<std::size_t>(parts));
                 if (range.begin < range.end) f(range.begin * unit, std::min(size, range.end * unit));
             });
}

/// Partition of a grid of work into by_rows x by_columns shares, one per thread.
struct GridShares {
    std::size_t by_rows = 1, by_columns = 1;
};
/// Partition for up to `threads` threads that splits the columns only once each row has its own thread.
inline GridShares rows_first(int threads, std::size_t rows, std::size_t columns) {
    const std::size_t most = static_cast<std::size_t>(threads),
                      by_rows = std::clamp<std::size_t>(rows, 1, most);
    return {by_rows, std::clamp<std::size_t>(columns, 1, most / by_rows)};
}
/// Calls f(range of rows, range of columns) for each share of a grid of `rows` x `columns`.
template <class F>
void parallel_grid(const GridShares& shares, std::size_t rows, std::size_t columns, const F& f) {
    parallel(static_cast<int>(shares.by_rows * shares.by_columns), [&](int part, int) {
        const std::size_t i = static_cast<std::size_t>(part);
        f(share(rows, i / shares.by_columns, shares.by_rows),
          share(columns, i % shares.by_columns, shares.by_columns));
    });
}

/// Number of threads, at most `most`, that are worth waking for a product of this size: waking a thread costs
/// about 1e5 FMAs.
inline int worthwhile_threads(double multiply_adds, int most) {
    return static_cast<int>(std::clamp(multiply_adds / (1 << 18), 1.0, 1.0 * most));
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
