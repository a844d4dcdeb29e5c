#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/taps.hpp>
#include <gantry/cpu/gemm/pack.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Splits lanes into blocks of at most `most` lanes and nearly equal size, with boundaries at multiples of
/// `unit`.
struct LaneBlocks {
    std::size_t all, unit, count;

    LaneBlocks(std::size_t all_lanes, std::size_t most, std::size_t unit_lanes)
        : all(all_lanes), unit(unit_lanes), count((all_lanes + most - 1) / most) {}
    std::size_t begin(std::size_t block) const {
        return std::min(all, (all + unit - 1) / unit * block / count * unit);
    }
    std::size_t size(std::size_t block) const { return begin(block + 1) - begin(block); }
};

/// True if `channels` channels fill at least three quarters of whole vectors: otherwise too many columns of a
/// tile would be empty.
template <class T>
bool fills_columns(std::size_t channels) {
    return 4 * channels > 3 * whole_vectors<T>(channels);
}

/// Calls f(block, first row, end row) for a range of the pairs (block, row of the target).
template <class F>
void for_each_rows(std::size_t rows, Range pairs, const F& f) {
    while (pairs.size() > 0) {
        const std::size_t block = pairs.begin / rows, row = pairs.begin % rows,
                          end = std::min(rows, row + pairs.size());
        f(block, row, end);
        pairs.begin += end - row;
    }
}

/// A column of the target and its horizontal taps.
struct Column {
    std::size_t x = 0;
    TapRun taps;
    bool same = false;  ///< same taps as the previous column in the list
};

/// All columns of the target, in the calling thread's scratch memory. They are ordered by phase, so that
/// nearly every column has the same taps as the previous one.
inline std::span<const Column> list_columns(const AxisTaps& horizontal) {
    Column* const columns = scratch<Column>(horizontal.targets());
    std::size_t count = 0;
    for (std::size_t phase = 0; phase < horizontal.phases(); ++phase)
        for (std::size_t x = phase; x < horizontal.targets(); x += horizontal.phases()) {
            Column& column = columns[count] = {x, horizontal.at(x)};
            const TapRun& before = columns[count > 0 ? count - 1 : 0].taps;
            column.same = count > 0 && column.taps.tap == before.tap && column.taps.count == before.count;
            ++count;
        }
    return {columns, count};
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
