#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/gemm/micro_kernel.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Splits the rows of a product into tiles of one height of tile_heights, except the last tile, which has the
/// smallest height that holds the remaining rows. If that height is larger than the remainder, the last tile
/// overlaps the previous one, so that nothing beyond the rows is read.
class RowTiles {
public:
    explicit RowTiles(std::size_t rows) : rows_(rows) {
        std::size_t least = 0;
        for (std::size_t i = 0; i < tile_heights.size() && tile_heights[i] <= rows; ++i) {
            const std::size_t tiles = (rows + tile_heights[i] - 1) / tile_heights[i];
            const std::size_t last = tile_height_index(rows - (tiles - 1) * tile_heights[i]);
            const std::size_t all = (tiles - 1) * cost(i) + cost(last);
            if (least > 0 && all > least) continue;
            least = all;
            count_ = tiles;
            height_index_ = i;
            last_index_ = last;
        }
    }
    std::size_t rows() const { return rows_; }
    std::size_t count() const { return count_; }
    std::size_t height_index(std::size_t tile) const {
        return tile + 1 < count_ ? height_index_ : last_index_;
    }
    std::size_t height(std::size_t tile) const { return tile_heights[height_index(tile)]; }
    std::size_t begin(std::size_t tile) const {
        return tile + 1 < count_ ? tile * tile_heights[height_index_] : rows_ - height(tile);
    }
    /// Number of rows that a tile shares with the previous one.
    std::size_t overlap(std::size_t tile) const { return tile * tile_heights[height_index_] - begin(tile); }

private:
    /// Cost of a tile, in rows: a tile of a few rows cannot keep the core busy, and each tile reads all of b.
    static std::size_t cost(std::size_t index) { return std::max<std::size_t>(6, tile_heights[index]) + 2; }

    std::size_t rows_, count_ = 0, height_index_ = 0, last_index_ = 0;
};

/// Computes tiles [tile, last) of `width` columns, at most tile_width vectors: c = [c +] sums. `sum.a` points
/// to row `a_row`, `c` to row 0 of these columns.
template <class T>
void multiply_tiles(const RowTiles& tiles, std::size_t tile, std::size_t last, TileSum<T> sum,
                    std::size_t a_row, std::size_t width, T* c, std::size_t c_step, bool add_to_c) {
    const std::size_t vectors = (width + lanes<T> - 1) / lanes<T>;
    const TileEnd<T> end{.add_to_c = add_to_c};
    const T* const a = sum.a;
    for (; tile < last; ++tile) {
        const std::size_t overlap = tiles.overlap(tile);
        const MicroKernel<T> kernel = find_micro_kernel<T>(tiles.height_index(tile), vectors);
        T* const to = c + tiles.begin(tile) * c_step;
        sum.a = a + (tiles.begin(tile) - a_row);
        if (overlap == 0 && width == vectors * lanes<T>) {
            kernel(sum, to, c_step, end, {});
        } else {
            const auto row_of = [&](std::size_t i) { return i < overlap ? nullptr : to + i * c_step; };
            multiply_edge(kernel, sum, tiles.height(tile), width, row_of, end, {});
        }
    }
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
