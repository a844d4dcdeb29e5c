#pragma once
// Tiled matrix product, shared by matmul and the convolutions. A block of threads computes one tile of the
// result:
//
// - It walks along the inner dimension in slices of `tile_depth` terms. Shared memory is double-buffered:
//   each thread fetches its part of the next slice into registers while the block multiplies the current one,
//   with one barrier per slice.
// - A thread accumulates thread_rows x thread_columns results in registers. Sums have two levels, which keeps
//   rounding errors small: 16 slices are summed, and their sum is added to the total.
// - The epilogue goes through shared memory, so that neighbouring threads write neighbouring elements, and
//   the code of bias and activation is generated once instead of once per accumulator.
// - Split-K: if a result has few tiles and long sums, `parts` blocks share a tile, and each computes a part
//   of the inner dimension. They write partial sums to the workspace. The last block to arrive, as counted by
//   a semaphore, adds them in the order of the parts, so the bits do not depend on which block is last. The
//   number of parts depends on the extents, not on the GPU.
//
// clang-format off
// Each operand is read from a source, with these members:
//
//     Place           which elements of a slice a thread fetches
//     fetch(packs)    loads this thread's packs of a slice of the operand (outer, inner), with zeros outside
//                     the operand; each call advances to the next slice
// clang-format on
#include "activation.cuh"
#include "loop.cuh"
#include <gantry/contracts/activation.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cuda {

inline constexpr int tile_threads = 128;
/// Blocks per multiprocessor, for __launch_bounds__: there are registers for this many. Left alone, ptxas
/// aims for more and spills.
inline constexpr int tile_blocks = 2;
inline constexpr int tile_depth = 16;

/// A block computes rows x columns results, each thread thread_rows x thread_columns of them.
template <int rows_, int columns_, int thread_rows_, int thread_columns_>
struct Tile {
    static constexpr int rows = rows_, columns = columns_;
    static constexpr int thread_rows = thread_rows_, thread_columns = thread_columns_;
    static_assert(rows / thread_rows * (columns / thread_columns) == tile_threads);
};
using LargeTile = Tile<64, 64, 8, 4>;   ///< most FMAs per element read
using SmallTile = Tile<32, 32, 4, 2>;   ///< for results with too few large tiles
using NarrowTile = Tile<128, 8, 8, 1>;  ///< for results with few columns: images, and scalars per sample

// -- shared memory -----------------------------------------------------------------------------------------

/// Row length of an operand's slice in shared memory, which is laid out as (inner, outer). Rows are padded by
/// 4 elements: packs stay aligned, and column writes have fewer bank conflicts.
template <int extent>
inline constexpr int slice_row = extent + 4;

template <class T, class Tile>
union alignas(16) TileMemory {
    struct {
        T a[2][tile_depth * slice_row<Tile::rows>], b[2][tile_depth * slice_row<Tile::columns>];
    } slices;
    T sums[Tile::rows * Tile::columns];  ///< in the epilogue
};

// -- operands ----------------------------------------------------------------------------------------------

/// Which elements of a slice (extent, depth) a thread fetches: packs that are contiguous in memory, along the
/// inner dimension or along the outer one.
template <int extent_, int width_, bool along_inner_>
struct Place {
    static constexpr int extent = extent_, width = width_;
    static constexpr bool along_inner = along_inner_;
    static constexpr int packs_in_line = (along_inner ? tile_depth : extent) / width;
    static constexpr int lines = along_inner ? extent : tile_depth;
    static constexpr int lines_at_a_time = tile_threads / packs_in_line;
    static constexpr int packs = lines > lines_at_a_time ? lines / lines_at_a_time : 1;  ///< packs per thread
    static_assert(tile_threads % packs_in_line == 0);

    int across = static_cast<int>(threadIdx.x) % packs_in_line * width;
    int line = static_cast<int>(threadIdx.x) / packs_in_line;

    __device__ bool fetches() const { return line < lines; }
    __device__ int outer(int pack) const { return along_inner ? line + pack * lines_at_a_time : across; }
    __device__ int inner(int pack) const { return along_inner ? across : line + pack * lines_at_a_time; }
};

/// Stores a thread's packs in a slice in shared memory.
template <class Place, class T>
__device__ void put(T* slice, const Pack<T, Place::width> (&packs)[Place::packs]) {
    const Place place;
    if (!place.fetches()) return;
    for (int i = 0; i < Place::packs; ++i) {
        if constexpr (Place::along_inner) {
            for (int j = 0; j < Place::width; ++j)
                slice[(place.inner(i) + j) * slice_row<Place::extent> + place.outer(i)] = packs[i].at[j];
        } else {
            store(slice + place.inner(i) * slice_row<Place::extent> + place.outer(i), packs[i]);
        }
    }
}

/// Source: a matrix (outer, inner) or, if !along_inner, its transpose. If width > 1, its rows must consist of
/// whole packs. Data is const T* or a type that can be offset and loaded from like it.
template <class T, int extent, int width, bool along_inner, class Data = const T*>
class MatrixSource {
public:
    using Place = cuda::Place<extent, width, along_inner>;

    /// Starts at element (first_outer, first_inner) and ends with the matrix, and before `last_inner`.
    __device__ MatrixSource(const Data& data, std::size_t row, int outers, int first_outer, int first_inner,
                            int last_inner)
        : data_(data),
          row_(row),
          outers_(outers),
          first_outer_(first_outer),
          inner_(first_inner),
          last_inner_(last_inner) {}

    __device__ void fetch(Pack<T, width> (&packs)[Place::packs]) {
        const Place place;
        for (int i = 0; i < Place::packs; ++i) {
            const int outer = first_outer_ + place.outer(i), inner = inner_ + place.inner(i);
            packs[i] = {};
            if (place.fetches() && outer < outers_ && inner < last_inner_)
                packs[i] =
                    load<Pack<T, width>>(data_ + (along_inner ? outer * row_ + inner : inner * row_ + outer));
        }
        inner_ += tile_depth;
    }

private:
    Data data_;
    std::size_t row_;
    int outers_, first_outer_, inner_, last_inner_;
};

// -- the product -------------------------------------------------------------------------------------------

/// The accumulators of a thread.
template <class T, class Tile>
struct Sums {
    T at[Tile::thread_rows][Tile::thread_columns] = {};

    static __device__ int first_row() {
        return static_cast<int>(threadIdx.x) / (Tile::columns / Tile::thread_columns) * Tile::thread_rows;
    }
    static __device__ int first_column() {
        return static_cast<int>(threadIdx.x) % (Tile::columns / Tile::thread_columns) * Tile::thread_columns;
    }
};

/// Reads `size` elements of shared memory in as few accesses as possible.
template <int size, class T>
__device__ void read(T (&to)[size], const T* from) {
    constexpr int width = size < pack_width<T> ? size : pack_width<T>;
    for (int i = 0; i < size; i += width) {
        const auto pack = load<Pack<T, width>>(from + i);
        for (int j = 0; j < width; ++j) to[i + j] = pack.at[j];
    }
}

template <class Tile, class T>
__device__ void add_slice(Sums<T, Tile>& sums, const T* a, const T* b) {
    constexpr int rows = Tile::thread_rows, columns = Tile::thread_columns;
#pragma unroll
    for (int k = 0; k < tile_depth; ++k) {
        T x[rows], y[columns];
        read(x, a + k * slice_row<Tile::rows> + sums.first_row());
        read(y, b + k * slice_row<Tile::columns> + sums.first_column());
#pragma unroll
        for (int i = 0; i < rows; ++i)
#pragma unroll
            for (int j = 0; j < columns; ++j) sums.at[i][j] += x[i] * y[j];
    }
}

/// Multiplies `slices` slices of two sources. All threads of the block must call it.
template <class Tile, class T, class A, class B>
__device__ Sums<T, Tile> tile_product(TileMemory<T, Tile>& memory, A& a, B& b, int slices) {
    constexpr int chunk = 16;
    using PlaceA = typename A::Place;
    using PlaceB = typename B::Place;
    Pack<T, PlaceA::width> from_a[PlaceA::packs];
    Pack<T, PlaceB::width> from_b[PlaceB::packs];
    const auto fetch = [&] {
        a.fetch(from_a);
        b.fetch(from_b);
    };
    const auto put_into = [&](int buffer) {
        put<PlaceA>(memory.slices.a[buffer], from_a);
        put<PlaceB>(memory.slices.b[buffer], from_b);
        __syncthreads();
    };

    Sums<T, Tile> sums;
    if (slices == 0) return sums;
    fetch();
    put_into(0);
    for (int slice = 0; slice < slices;) {
        Sums<T, Tile> short_sums;
        for (const int end = min(slice + chunk, slices); slice < end; ++slice) {
            const bool more = slice + 1 < slices;
            if (more) fetch();
            add_slice(short_sums, memory.slices.a[slice % 2], memory.slices.b[slice % 2]);
            if (more) put_into((slice + 1) % 2);
        }
#pragma unroll
        for (int i = 0; i < Tile::thread_rows; ++i)
#pragma unroll
            for (int j = 0; j < Tile::thread_columns; ++j) sums.at[i][j] += short_sums.at[i][j];
    }
    return sums;
}

// -- the result --------------------------------------------------------------------------------------------

/// Destination and epilogue of a product.
template <class T>
struct Result {
    T* data = nullptr;
    bool accumulate = false;
    const T* bias = nullptr;  ///< one per column, or null
    contracts::Activation activation = {};

    __device__ void put(std::size_t at, int column, T sum) const {
        if (accumulate)
            data[at] += sum;
        else
            data[at] = activate(activation, bias ? sum + bias[column] : sum);
    }
};

// -- parts -------------------------------------------------------------------------------------------------

/// Split-K: the number of parts of the inner dimension, and the memory for their partial sums.
template <class T>
struct Parts {
    int count = 1;
    T* sums = nullptr;  ///< (count, size of the result)
    std::size_t size = 0;
    unsigned* arrived = nullptr;  ///< semaphore per tile: blocks that have written; 0 between launches

    /// Terms per part of `inner` terms, rounded up to whole slices.
    __device__ int length(int inner) const {
        return ceil_div(ceil_div(inner, tile_depth), count) * tile_depth;
    }
    /// True in the last block of a tile to arrive, which then sees the partial sums of the others. All
    /// threads of the block must call it. One thread's fence covers its block, since barriers precede and
    /// follow it.
    __device__ bool is_last(int tile) const {
        __syncthreads();
        int last = 0;
        if (threadIdx.x == 0) {
            const auto end = static_cast<unsigned>(count) - 1;
            __threadfence();
            last = atomicInc(arrived + tile, end) == end;  // wraps around to 0
            __threadfence();
        }
        return __syncthreads_or(last) != 0;
    }
};

/// The tile and the part that a block computes.
struct TilePart {
    int tile, part;
};

/// The columns of a result that a tile covers: from `first` on, those before `end`. A row has `all` columns.
struct TileColumns {
    int first, end, all;
};

/// Where the elements of a tile are in a result. Row `row` of the tile is row `row_of(row)` of the result;
/// negative rows are skipped.
template <class Tile, class RowOf>
struct TilePlace {
    TileColumns columns;
    const RowOf& row_of;

    __device__ int row(int i) const { return row_of(i / Tile::columns); }
    __device__ int column(int i) const { return columns.first + i % Tile::columns; }
    __device__ bool inside(int i) const { return row(i) >= 0 && column(i) < columns.end; }
    __device__ std::size_t at(int i) const {
        return static_cast<std::size_t>(row(i)) * static_cast<std::size_t>(columns.all) +
               static_cast<std::size_t>(column(i));
    }
};

/// Adds up the partial sums of a tile, and writes the result.
template <class Tile, class T, class Place>
__device__ void add_parts(const Parts<T>& parts, const Result<T>& result, const Place& place) {
    // Eight elements at a time, to overlap the latency of the loads.
    constexpr int together = 8, size = Tile::rows * Tile::columns;
    static_assert(size % (together * tile_threads) == 0);
#pragma unroll 1
    for (int first = static_cast<int>(threadIdx.x); first < size; first += together * tile_threads) {
        T sums_of_parts[together] = {};
#pragma unroll 1
        for (int part = 0; part < parts.count; ++part) {
            const T* const from = parts.sums + static_cast<std::size_t>(part) * parts.size;
#pragma unroll
            for (int k = 0; k < together; ++k) {
                const int i = first + k * tile_threads;
                if (place.inside(i)) sums_of_parts[k] += from[place.at(i)];
            }
        }
#pragma unroll
        for (int k = 0; k < together; ++k) {
            const int i = first + k * tile_threads;
            if (place.inside(i)) result.put(place.at(i), place.column(i), sums_of_parts[k]);
        }
    }
}

/// Writes a tile of a result: see TilePlace. If the sum is split, the last block to arrive writes the tile.
template <class Tile, class T, class RowOf>
__device__ void put_tile(TileMemory<T, Tile>& memory, const Sums<T, Tile>& sums, const Parts<T>& parts,
                         const TilePart& block, const Result<T>& result, const TileColumns& columns,
                         const RowOf& row_of) {
    __syncthreads();
    for (int i = 0; i < Tile::thread_rows; ++i)
        for (int j = 0; j < Tile::thread_columns; ++j)
            memory.sums[(sums.first_row() + i) * Tile::columns + sums.first_column() + j] = sums.at[i][j];
    __syncthreads();
    const TilePlace<Tile, RowOf> place{columns, row_of};
    T* const mine = parts.sums + static_cast<std::size_t>(block.part) * parts.size;
#pragma unroll 1
    for (int i = static_cast<int>(threadIdx.x); i < Tile::rows * Tile::columns; i += tile_threads) {
        if (!place.inside(i)) continue;
        if (parts.count == 1)
            result.put(place.at(i), place.column(i), memory.sums[i]);
        else
            mine[place.at(i)] = memory.sums[i];
    }
    if (parts.count > 1 && parts.is_last(block.tile)) add_parts<Tile>(parts, result, place);
}

/// Chooses the split-K factor: as many parts as keep the GPU busy, each of at least 256 terms. The partial
/// sums have fewer elements than 256 tiles. Sums of fewer than 768 terms are not split: exchanging the
/// partial sums costs about 2 us, in which a block computes about 400 terms. (An estimate, made without a
/// GPU.)
template <class T>
Parts<T> parts_of(Cuda& device, std::size_t tiles, int inner, std::size_t size) {
    constexpr std::size_t enough_blocks = Cuda::semaphore_count, shortest = 256;
    if (inner < 768) return {};
    const std::size_t count =
        std::min(enough_blocks / std::max<std::size_t>(tiles, 1), static_cast<std::size_t>(inner) / shortest);
    if (count <= 1) return {};
    return {static_cast<int>(count), static_cast<T*>(device.workspace(count * size * sizeof(T))), size,
            device.semaphores()};
}

/// Calls f(tile) with the tile for a result of these extents. Large tiles read less memory per FMA, but there
/// must be enough of them, or of their parts. Double, which is used for tests, has one tile size.
template <class T, class F>
void with_tile(std::size_t rows, int columns, int inner, const F& f) {
    constexpr std::size_t enough_blocks = 96;
    if constexpr (sizeof(T) == 4) {
        const std::size_t large =
            ceil_div<std::size_t>(rows, 64) * static_cast<std::size_t>(ceil_div(columns, 64));
        const auto parts = static_cast<std::size_t>(std::max(inner / 256, 1));
        if (columns <= NarrowTile::columns) return f(NarrowTile{});
        if (rows > 32 && columns > 32 && large * parts >= enough_blocks) return f(LargeTile{});
    }
    f(SmallTile{});
}

/// Scalar of tiles that cover a result.
template <class Tile>
std::size_t tiles_of(std::size_t rows, int columns) {
    return ceil_div<std::size_t>(rows, Tile::rows) *
           static_cast<std::size_t>(ceil_div(columns, Tile::columns));
}

}  // namespace gantry::cuda
