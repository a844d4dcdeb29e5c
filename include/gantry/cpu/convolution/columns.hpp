#pragma once
#include <gantry/cpu/convolution/taps.hpp>
#include <gantry/cpu/gemm/pack.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace gantry::cpu {

/// Blocks of up to `most` lanes of nearly the same size, cut at multiples of `unit`.
struct LaneBlocks {
    std::size_t all, unit, count;

    LaneBlocks(std::size_t all_lanes, std::size_t most, std::size_t unit_lanes)
        : all(all_lanes), unit(unit_lanes), count((all_lanes + most - 1) / most) {}
    std::size_t begin(std::size_t block) const {
        return std::min(all, (all + unit - 1) / unit * block / count * unit);
    }
    std::size_t size(std::size_t block) const { return begin(block + 1) - begin(block); }
};

/// Whether so many channels are worth a tile's columns: less, and too many of these would stay empty.
template <class T>
bool fills_columns(std::size_t channels) {
    return 4 * channels > 3 * whole_vectors<T>(channels);
}

/// Calls f(block, first row, end row) for items [first, last) of (block, row of the target).
template <class F>
void for_each_rows(std::size_t rows, std::size_t first, std::size_t last, const F& f) {
    while (first < last) {
        const std::size_t block = first / rows, row = first % rows,
                          end = std::min(rows, row + (last - first));
        f(block, row, end);
        first += end - row;
    }
}

/// A column of the target, and its taps.
struct Column {
    std::size_t x = 0;
    TapRun taps;
    bool same = false;  ///< the same taps as the column before it in the list
};

/// All columns of the target, in the calling thread's scratch memory: phase by phase, so that nearly all have
/// the same taps as the one before.
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

}  // namespace gantry::cpu
