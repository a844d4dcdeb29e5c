#pragma once
#include <gantry/contracts/matmul.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/gemm/matrix_vector.hpp>
#include <gantry/cpu/gemm/micro_kernel.hpp>
#include <gantry/cpu/gemm/pack.hpp>
#include <gantry/cpu/simd/activation.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// A block of C with the operands that it is computed from.
template <class T>
struct MatmulPart {
    std::size_t rows = 0, columns = 0, inner = 0;
    Operand<T> a, b;
    T* c = nullptr;
    std::size_t c_stride = 0;
    bool accumulate = false;
    const T* bias = nullptr;
    contracts::Activation activation = {};

    /// All of C.
    explicit MatmulPart(const contracts::MatmulParameters<T>& p)
        : rows(static_cast<std::size_t>(p.rows)),
          columns(static_cast<std::size_t>(p.columns)),
          inner(static_cast<std::size_t>(p.inner)),
          a{p.a, p.a + rows * inner, p.transpose_a ? rows : inner, !p.transpose_a},
          b{p.b, p.b + inner * columns, p.transpose_b ? inner : columns, p.transpose_b},
          c(p.c),
          c_stride(columns),
          accumulate(p.accumulate),
          bias(p.bias),
          activation(p.activation) {}

    MatmulPart part(std::size_t row, std::size_t row_count, std::size_t column,
                    std::size_t column_count) const {
        MatmulPart result = *this;
        result.rows = row_count;
        result.columns = column_count;
        result.a = a.at(0, row);
        result.b = b.at(0, column);
        result.c += row * c_stride + column;
        if (bias) result.bias += column;
        return result;
    }
    /// Epilogue of a tile after block `block` of the inner dimension. Bias and activation follow the last
    /// block.
    TileEnd<T> end(std::size_t block, std::size_t blocks) const {
        TileEnd<T> result{.add_to_c = accumulate || block > 0};
        if (block + 1 == blocks) {
            result.bias = bias;
            result.leaky_relu = activation.kind == contracts::ActivationKind::leaky_relu;
            result.slope = static_cast<T>(activation.parameter);
        }
        return result;
    }
};

/// Macro-kernel: computes a block of C on one thread, except for activations that the epilogue does not fuse.
/// After Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008), with the roles of
/// A and B exchanged to suit small batches: a packed block of A, usually the whole batch, stays in the L2
/// cache, and the panels of B are packed into L1 one at a time.
template <class T>
[[gnu::noinline]] void macro_kernel(const MatmulPart<T>& p) {
    constexpr std::size_t panel_width = tile_width * lanes<T>, a_step = whole_vectors<T>(tile_height);
    const std::size_t tiles = (p.rows + tile_height - 1) / tile_height;
    const std::size_t height_index = tile_height_index((p.rows + tiles - 1) / tiles);
    const std::size_t height = tile_heights[height_index];
    const std::size_t blocks = inner_blocks(p.inner),
                      longest = whole_vectors<T>((p.inner + blocks - 1) / blocks);
    T* const packed_b = scratch<T>(longest * (panel_width + tiles * a_step));
    T* const packed_a = packed_b + longest * panel_width;
    T buffer[tile_height * panel_width] = {}, bias[panel_width] = {};  // for tiles at the edge of C

    // A small matrix is read in place, except for its edge tiles: packing would cost more.
    constexpr std::size_t small_enough = 65536 / sizeof(T);
    const bool a_in_place = !p.a.k_in_row && p.inner * p.a.stride <= small_enough;
    const bool b_in_place = !p.b.k_in_row && (p.inner * p.b.stride <= small_enough || tiles == 1);

    // A large B does not stay in L2. The micro-kernel then stops every `often` terms to prefetch a share of
    // the next panel. For a small B, prefetching costs more than it saves.
    const bool far_b = p.inner * p.columns * sizeof(T) > (std::size_t{1} << 20);
    const std::size_t often = std::max<std::size_t>(1, tiles * 128 / (panel_width * sizeof(T)));
    Segment segments[longest_block], cut;  // the steps and the length for which `segments` was filled
    std::size_t count = 0;

    for (std::size_t block = 0; block < blocks; ++block) {
        const std::size_t k = p.inner * block / blocks, terms = p.inner * (block + 1) / blocks - k;
        cut = {};
        const auto copy_a = [&](std::size_t rows) { return !a_in_place || rows != height; };
        for (std::size_t tile = 0; tile * height < p.rows; ++tile) {
            const std::size_t row = tile * height, rows = std::min(height, p.rows - row);
            if (copy_a(rows)) pack(p.a.at(k, row), terms, rows, packed_a + tile * a_step * longest, a_step);
        }
        for (std::size_t column = 0; column < p.columns; column += panel_width) {
            const std::size_t width = std::min(panel_width, p.columns - column);
            const std::size_t vectors = (width + lanes<T> - 1) / lanes<T>;
            const bool whole = width == vectors * lanes<T>;
            const Operand<T> b = p.b.at(k, column);
            const bool copy_b = !whole || !b_in_place;
            if (copy_b) pack(b, terms, width, packed_b, vectors * lanes<T>);

            TileEnd<T> end = p.end(block, blocks);
            if (end.bias) {
                end.bias += column;
                if (!whole) {
                    std::copy_n(end.bias, width, bias);
                    end.bias = bias;
                }
            }
            for (std::size_t tile = 0; tile * height < p.rows; ++tile) {
                const std::size_t row = tile * height, rows = std::min(height, p.rows - row);
                const std::size_t index = rows == height ? height_index : tile_height_index(rows);
                const Operand<T> a = p.a.at(k, row);
                TileSum<T> sum{.a = a.begin, .a_step = a.stride, .b = b.begin, .b_step = b.stride};
                if (copy_a(rows)) {
                    sum.a = packed_a + tile * a_step * longest;
                    sum.a_step = a_step;
                }
                if (copy_b) {
                    sum.b = packed_b;
                    sum.b_step = vectors * lanes<T>;
                }
                const std::size_t next = column + width;
                const bool ahead = far_b && next < p.columns;
                Prefetch prefetch;
                if (ahead)
                    prefetch = prefetch_share(p.b.at(k, next), terms, std::min(panel_width, p.columns - next),
                                              tile, tiles);
                // Nearly all tiles share one list of segments.
                if (const Segment steps{sum.a_step, sum.b_step, ahead ? often : terms}; steps != cut) {
                    cut = steps;
                    count = 0;
                    for (std::size_t t = 0; t < terms; t += segments[count++].terms)
                        segments[count] = {t * cut.a, t * cut.b, std::min(cut.terms, terms - t)};
                }
                sum.segments = {segments, count};
                const auto kernel = [&](T* c, std::size_t c_step) {
                    find_micro_kernel<T>(index, vectors)(sum, c, c_step, end, prefetch);
                };
                T* const c = p.c + row * p.c_stride + column;
                if (whole && rows == tile_heights[index]) {
                    kernel(c, p.c_stride);
                } else {
                    if (end.add_to_c)
                        for (std::size_t i = 0; i < rows; ++i)
                            std::copy_n(c + i * p.c_stride, width, buffer + i * panel_width);
                    kernel(buffer, panel_width);
                    for (std::size_t i = 0; i < rows; ++i)
                        std::copy_n(buffer + i * panel_width, width, c + i * p.c_stride);
                }
            }
        }
    }
}

/// Partition of C into a grid of blocks, one per thread.
struct MatmulShares {
    std::size_t by_rows = 1, by_columns = 1;
};

/// The fastest partition under a simple cost model. In addition to the product (rows x vectors of columns), a
/// thread packs its rows of A and its columns of B; in these units a row costs about 1 and a vector about 8.
inline MatmulShares matmul_shares(std::size_t rows, std::size_t vectors, std::size_t threads) {
    MatmulShares best;
    std::size_t least = 0;
    for (std::size_t by_rows = 1; by_rows <= threads; ++by_rows) {
        const std::size_t by_columns = threads / by_rows;
        const std::size_t r = (rows + by_rows - 1) / by_rows, v = (vectors + by_columns - 1) / by_columns;
        const std::size_t cost = r * v + r + 8 * v;
        if (least == 0 || cost < least) {
            least = cost;
            best = {by_rows, by_columns};
        }
    }
    return best;
}

/// Matrix times matrix: more than one row and more than one column.
template <class T>
void matrix_matrix(int threads, const MatmulPart<T>& p, bool activate_after) {
    constexpr std::size_t a_block = 393216 / sizeof(T);  // elements of A that stay in L2
    const std::size_t vectors = (p.columns + lanes<T> - 1) / lanes<T>;
    const MatmulShares shares = matmul_shares(p.rows, vectors, static_cast<std::size_t>(threads));
    const std::size_t all = shares.by_rows * shares.by_columns;
    const std::size_t longest = std::max<std::size_t>(1, p.inner / inner_blocks(p.inner));
    parallel(static_cast<int>(all), [&](int thread, int count) {
        for (std::size_t s = static_cast<std::size_t>(thread); s < all;
             s += static_cast<std::size_t>(count)) {
            const std::size_t i = s / shares.by_columns, j = s % shares.by_columns;
            const std::size_t row = p.rows * i / shares.by_rows, last_row = p.rows * (i + 1) / shares.by_rows;
            const std::size_t column = vectors * j / shares.by_columns * lanes<T>;
            const std::size_t last_column =
                std::min(p.columns, vectors * (j + 1) / shares.by_columns * lanes<T>);
            const std::size_t blocks = ((last_row - row) * longest + a_block - 1) / a_block;
            for (std::size_t b = 0; b < blocks; ++b) {
                const std::size_t first = row + (last_row - row) * b / blocks;
                const std::size_t last = row + (last_row - row) * (b + 1) / blocks;
                if (first == last || column == last_column) continue;
                const MatmulPart<T> part = p.part(first, last - first, column, last_column - column);
                macro_kernel(part);
                if (activate_after)
                    for (std::size_t r = 0; r < part.rows; ++r)
                        activate(part.activation, part.columns, part.c + r * part.c_stride);
            }
        }
    });
}

/// Matrix times vector: one row or one column.
template <class T>
void matrix_vector(int threads, const MatmulPart<T>& p, bool activate_after) {
    MatrixVector<T> v{.inner = p.inner, .y = p.c, .bias = p.bias};
    v.add_to_y = p.accumulate;
    v.leaky_relu = p.activation.kind == contracts::ActivationKind::leaky_relu;
    v.slope = static_cast<T>(p.activation.parameter);
    v.same_bias = p.columns == 1;
    v.size = v.same_bias ? p.rows : p.columns;
    v.matrix = v.same_bias ? p.a : p.b;
    v.x = v.same_bias ? p.b.begin : p.a.begin;
    parallel_ranges(threads, v.size, 8 * lanes<T>, 1, [&](std::size_t first, std::size_t last) {
        matrix_vector(v, first, last);
        if (activate_after) activate(p.activation, last - first, v.y + first);
    });
}

}  // namespace gantry::cpu::inline GANTRY_TARGET

namespace gantry {

/// C = activation(op(A) op(B) + bias), or C += op(A) op(B), on the CPU. Extents may be 0. The result is
/// bitwise the same for any number of threads. Only the first call with a given size allocates scratch
/// memory.
template <class T>
void launch(Cpu& device, const contracts::MatmulParameters<T>& parameters) {
    if (parameters.rows == 0 || parameters.columns == 0) return;
    contracts::MatmulParameters<T> p = parameters;
    if (p.inner == 0) {  // A and B are empty: zero strides keep addresses inside them from being computed
        p.transpose_a = false;
        p.transpose_b = true;
    }
    // Waking a thread costs about 1e5 FMAs.
    const double work = 1.0 * p.rows * p.columns * p.inner;
    const int threads = static_cast<int>(std::clamp(work / (1 << 18), 1.0, 1.0 * device.threads()));
    const bool activate_after = p.activation.kind != contracts::ActivationKind::identity &&
                                p.activation.kind != contracts::ActivationKind::leaky_relu;
    const cpu::MatmulPart<T> whole(p);
    if (p.rows == 1 || p.columns == 1)
        cpu::matrix_vector(threads, whole, activate_after);
    else
        cpu::matrix_matrix(threads, whole, activate_after);
}

}  // namespace gantry
