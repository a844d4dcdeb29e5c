#pragma once
#include "loop.cuh"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <type_traits>

namespace gantry::cuda {

// clang-format off
// Column reductions of a matrix (rows, columns): sums over rows, and batch norm. Division of the work:
//
//     thread    P::width adjacent columns, every blockDim.y-th row of the block's part
//     block     threadIdx.x: packs of columns, up to 128 bytes of a row; threadIdx.y: rows
//     grid      blockIdx.x: tiles of columns; blockIdx.y: parts of the rows, only one if there are few rows;
//               blockIdx.z: matrices, if there are several
//
// Kernels reduce with a state, such as ColumnSums or Moments in batch_norm.cuh:
//
//     State::of_part(place, ...)       reduces the rows of this thread
//     state.merge(other)               merges the state of another thread or part
//     merge_over_block(state, shared)  merges the states of the threads with the same columns
// clang-format on

/// How a column reduction is divided. It depends on the extents alone, and so does the order of all sums.
struct ColumnGrid {
    std::size_t rows, columns, rows_of_part;
    unsigned tiles, parts;   ///< extents of the grid
    unsigned lanes, height;  ///< extents of a block
    bool packs;              ///< a thread has one pack of columns; otherwise one column

    template <class T>
    static ColumnGrid of(std::size_t rows, std::size_t columns, std::size_t matrices = 1) {
        // Parts are long enough that summing them costs more than merging.
        constexpr std::size_t rows_of_thread = 16, enough_blocks = 512, most_parts = 128;
        ColumnGrid grid = in_one_part<T>(rows, columns);
        const std::size_t most =
            std::min(most_parts, std::max<std::size_t>(1, enough_blocks / (grid.tiles * matrices)));
        const std::size_t wanted = std::clamp<std::size_t>(rows / (rows_of_thread * grid.height), 1, most);
        grid.rows_of_part = std::max<std::size_t>(1, ceil_div(rows, wanted));
        grid.parts = static_cast<unsigned>(std::max<std::size_t>(1, ceil_div(rows, grid.rows_of_part)));
        return grid;
    }
    template <class T>
    static ColumnGrid in_one_part(std::size_t rows, std::size_t columns) {
        const bool packs = columns % pack_width<T> == 0;
        const std::size_t width = packs ? pack_width<T> : 1, packs_of_row = columns / width;
        const std::size_t lanes = std::min(std::bit_ceil(packs_of_row), 128 / (width * sizeof(T)));
        return {rows,
                columns,
                rows,
                static_cast<unsigned>(ceil_div(packs_of_row, lanes)),
                1,
                static_cast<unsigned>(lanes),
                static_cast<unsigned>(block_threads / lanes),
                packs};
    }
    /// For up to most_matrices at once.
    Grid launch(unsigned matrices = 1) const { return {{tiles, parts, matrices}, {lanes, height}}; }
    static constexpr std::size_t most_matrices = 65535;  ///< CUDA's largest gridDim.z
};

/// Calls f(pack) with the pack type of a thread's columns. Memory that is not aligned for packs is read
/// element by element, and the sums have the same order.
template <class T, class F>
void with_pack(const ColumnGrid& grid, bool aligned, const F& f) {
    constexpr int width = pack_width<T>;
    if (!grid.packs)
        f(Pack<T, 1>{});
    else if (aligned)
        f(Pack<T, width>{});
    else
        f(Pack<T, width, sizeof(T)>{});
}

/// The columns and rows of this thread.
template <class P>
struct ColumnPlace {
    std::size_t column;  ///< the first of P::width columns
    bool inside;         ///< whether the column exists
    bool writes;         ///< inside, and the first thread of the block with these columns
    std::size_t begin, end, columns;

    __device__ explicit ColumnPlace(const ColumnGrid& grid)
        : column((std::size_t{blockIdx.x} * blockDim.x + threadIdx.x) * P::width),
          inside(column < grid.columns),
          writes(inside && threadIdx.y == 0),
          begin(blockIdx.y * grid.rows_of_part),
          end(min(begin + grid.rows_of_part, grid.rows)),
          columns(grid.columns) {}

    /// This thread's elements of the first row of x, or of a vector x (columns). Read one by one, since a
    /// vector may be unaligned.
    __device__ P first_row(const typename P::Scalar* x) const {
        P numbers{};
        if (inside)
            for (int k = 0; k < P::width; ++k) numbers.at[k] = x[column + k];
        return numbers;
    }
    /// Calls use(i, read(i)) for each of this thread's rows, in order, where i is the index of its first
    /// column in the row. Four rows are read before the first is used, to keep several loads in flight.
    template <class Read, class Use>
    __device__ void for_rows(const Read& read, const Use& use) const {
        if (!inside) return;
        constexpr int at_once = 4;
        const std::size_t step = blockDim.y;
        std::size_t row = begin + threadIdx.y;
        for (; row + (at_once - 1) * step < end; row += at_once * step) {
            decltype(read(row)) numbers[at_once];
            for (int k = 0; k < at_once; ++k) numbers[k] = read((row + k * step) * columns + column);
            for (int k = 0; k < at_once; ++k) use((row + k * step) * columns + column, numbers[k]);
        }
        for (; row < end; row += step) use(row * columns + column, read(row * columns + column));
    }
    /// Calls f(part, number of rows) for this thread's share of all parts.
    template <class F>
    __device__ void for_parts(const ColumnGrid& grid, const F& f) const {
        if (!inside) return;
        for (unsigned part = threadIdx.y; part < grid.parts; part += blockDim.y)
            f(std::size_t{part}, min(grid.rows_of_part, grid.rows - part * grid.rows_of_part));
    }
};

/// Merges the states of the threads with the same columns; the result is returned to all of them. `states` is
/// shared memory, one state per thread.
template <class State>
__device__ State merge_over_block(const State& mine, State* states) {
    State* const at = states + threadIdx.y * blockDim.x + threadIdx.x;
    *at = mine;
    __syncthreads();
    for (unsigned half = blockDim.y / 2; half > 0; half /= 2) {
        if (threadIdx.y < half) at->merge(at[half * blockDim.x]);
        __syncthreads();
    }
    return states[threadIdx.x];
}

/// Column sums. A thread sums its rows in T, or in double if that overflows; threads are merged in double.
template <class P>
struct ColumnSums {
    WidePack<P> sum;

    __device__ void merge(const ColumnSums& other) {
        for (int k = 0; k < P::width; ++k) sum.at[k] += other.sum.at[k];
    }
    __device__ static ColumnSums of_part(const ColumnPlace<P>& place, const typename P::Scalar* x) {
        P sums{};
        each_row(place, x, [&](const P& pack) {
            for (int k = 0; k < P::width; ++k) sums.at[k] += pack.at[k];
        });
        if (all_finite(sums)) return {widen(sums)};
        WidePack<P> wide{};
        each_row(place, x, [&](const P& pack) {
            for (int k = 0; k < P::width; ++k) wide.at[k] += static_cast<double>(pack.at[k]);
        });
        return {wide};
    }

private:
    template <class Use>
    __device__ static void each_row(const ColumnPlace<P>& place, const typename P::Scalar* x,
                                    const Use& use) {
        place.for_rows([&](std::size_t i) { return load<P>(x + i); },
                       [&](std::size_t, const P& pack) { use(pack); });
    }
};

}  // namespace gantry::cuda
