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
#include <span>

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
        TileEnd<T> result = block + 1 == blocks ? epilogue(bias, activation) : TileEnd<T>{};
        result.add_to_c = accumulate || block > 0;
        return result;
    }
};

/// Macro-kernel: computes a block of C on one thread, except for activations that do not fit the epilogue.
/// After Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008), with the roles of
/// A and B exchanged to suit small batches: a packed block of A, usually the whole batch, stays in the L2
/// cache, and the panels of B are packed into L1 one at a time.
template <class T>
class MacroKernel {
public:
    explicit MacroKernel(const MatmulPart<T>& part)
        : p_(part),
          tiles_((p_.rows + tile_height - 1) / tile_height),
          height_index_(tile_height_index((p_.rows + tiles_ - 1) / tiles_)),
          height_(tile_heights[height_index_]),
          blocks_(inner_blocks(p_.inner)),
          longest_(whole_vectors<T>((p_.inner + blocks_ - 1) / blocks_)),
          packed_b_(scratch<T>(longest_ * (panel_width + tiles_ * a_step))),
          packed_a_(packed_b_ + longest_ * panel_width),
          a_in_place_(!p_.a.k_in_row && p_.inner * p_.a.stride <= small_enough),
          b_in_place_(!p_.b.k_in_row && (p_.inner * p_.b.stride <= small_enough || tiles_ == 1)),
          far_b_(p_.inner * p_.columns * sizeof(T) > (std::size_t{1} << 20)) {}

    void run() {
        for (std::size_t block = 0; block < blocks_; ++block) {
            const Range terms = share(p_.inner, block, blocks_);
            k_ = terms.begin;
            terms_ = terms.size();
            cut_ = {};
            pack_a();
            for (std::size_t column = 0; column < p_.columns; column += panel_width)
                multiply_panel(column, p_.end(block, blocks_));
        }
    }

private:
    static constexpr std::size_t panel_width = tile_width * lanes<T>;
    static constexpr std::size_t a_step = whole_vectors<T>(tile_height);
    /// A small matrix is read in place, except for its edge tiles: packing would cost more.
    static constexpr std::size_t small_enough = 65536 / sizeof(T);

    std::size_t rows_of(std::size_t tile) const { return std::min(height_, p_.rows - tile * height_); }
    std::size_t width_of(std::size_t column) const { return std::min(panel_width, p_.columns - column); }
    bool copies_a(std::size_t tile) const { return !a_in_place_ || rows_of(tile) != height_; }
    T* packed_a(std::size_t tile) const { return packed_a_ + tile * a_step * longest_; }

    void pack_a() {
        for (std::size_t tile = 0; tile * height_ < p_.rows; ++tile)
            if (copies_a(tile))
                pack(p_.a.at(k_, tile * height_), terms_, rows_of(tile), packed_a(tile), a_step);
    }

    /// Computes all rows of the panel that begins at `column`.
    void multiply_panel(std::size_t column, TileEnd<T> end) {
        const std::size_t width = width_of(column), step = whole_vectors<T>(width);
        const Operand<T> b = p_.b.at(k_, column);
        TileSum<T> sum{.b = b.begin, .b_step = b.stride};
        if (width < step || !b_in_place_) {
            pack(b, terms_, width, packed_b_, step);
            sum.b = packed_b_;
            sum.b_step = step;
        }
        T bias[panel_width];  // the micro-kernel reads whole vectors
        if (end.bias) {
            end.bias += column;
            if (width < step) {
                std::fill(std::copy_n(end.bias, width, bias), bias + step, T(0));
                end.bias = bias;
            }
        }
        for (std::size_t tile = 0; tile * height_ < p_.rows; ++tile) multiply_tile(tile, column, sum, end);
    }

    /// `sum` has the panel's operand b. (Copying it for each tile would stall short sums by a third.)
    void multiply_tile(std::size_t tile, std::size_t column, TileSum<T>& sum, const TileEnd<T>& end) {
        const std::size_t row = tile * height_, rows = rows_of(tile), width = width_of(column);
        const std::size_t index = rows == height_ ? height_index_ : tile_height_index(rows);
        const std::size_t vectors = (width + lanes<T> - 1) / lanes<T>;
        const Operand<T> a = p_.a.at(k_, row);
        sum.a = copies_a(tile) ? packed_a(tile) : a.begin;
        sum.a_step = copies_a(tile) ? a_step : a.stride;

        // A large B does not stay in L2. The micro-kernel then stops every `often` terms to prefetch a share
        // of the next panel. For a small B, prefetching costs more than it saves.
        const std::size_t next = column + width;
        Prefetch prefetch;
        std::size_t often = terms_;
        if (far_b_ && next < p_.columns) {
            prefetch = prefetch_share(p_.b.at(k_, next), terms_, width_of(next), tile, tiles_);
            often = std::max<std::size_t>(1, tiles_ * 128 / (panel_width * sizeof(T)));
        }
        sum.segments = segments({sum.a_step, sum.b_step, often});

        const MicroKernel<T> kernel = find_micro_kernel<T>(index, vectors);
        T* const c = p_.c + row * p_.c_stride + column;
        if (width == vectors * lanes<T> && rows == tile_heights[index])
            kernel(sum, c, p_.c_stride, end, prefetch);
        else
            multiply_edge(
                kernel, sum, rows, width, [&](std::size_t i) { return c + i * p_.c_stride; }, end, prefetch);
    }

    /// The block's terms as segments of at most `cut.terms`; `cut` also has the distances between terms.
    /// Nearly all tiles share one list.
    std::span<const Segment> segments(const Segment& cut) {
        if (cut != cut_) {
            cut_ = cut;
            count_ = 0;
            for (std::size_t t = 0; t < terms_; t += segments_[count_++].terms)
                segments_[count_] = {t * cut.a, t * cut.b, std::min(cut.terms, terms_ - t)};
        }
        return {segments_, count_};
    }

    const MatmulPart<T>& p_;
    std::size_t tiles_, height_index_, height_, blocks_, longest_;
    T* packed_b_;
    T* packed_a_;
    bool a_in_place_, b_in_place_, far_b_;
    std::size_t k_ = 0, terms_ = 0;  ///< the current block of the inner dimension
    Segment cut_;                    ///< what `segments_` was filled for
    Segment segments_[longest_block];
    std::size_t count_ = 0;
};

/// The fastest partition of C under a simple cost model. In addition to the product (rows x vectors of
/// columns), a thread packs its rows of A and its columns of B; in these units a row costs about 1 and a
/// vector about 8.
inline GridShares matmul_shares(std::size_t rows, std::size_t vectors, std::size_t threads) {
    GridShares best;
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
    const std::size_t longest = std::max<std::size_t>(1, p.inner / inner_blocks(p.inner));
    const GridShares shares = matmul_shares(p.rows, vectors, static_cast<std::size_t>(threads));
    parallel_grid(shares, p.rows, vectors, [&](const Range& rows, const Range& columns) {
        const std::size_t column = columns.begin * lanes<T>,
                          end = std::min(p.columns, columns.end * lanes<T>);
        const std::size_t blocks = (rows.size() * longest + a_block - 1) / a_block;
        for (std::size_t b = 0; b < blocks; ++b) {
            const Range block = share(rows.size(), b, blocks);
            if (block.size() == 0 || column == end) continue;
            const MatmulPart<T> part = p.part(rows.begin + block.begin, block.size(), column, end - column);
            MacroKernel<T>(part).run();
            if (activate_after)
                for (std::size_t r = 0; r < part.rows; ++r)
                    activate(part.activation, part.columns, part.c + r * part.c_stride);
        }
    });
}

/// Matrix times vector: one row or one column.
template <class T>
void matrix_vector(int threads, const MatmulPart<T>& p, bool activate_after) {
    const bool column = p.columns == 1;
    const MatrixVector<T> v{.size = column ? p.rows : p.columns,
                            .inner = p.inner,
                            .matrix = column ? p.a : p.b,
                            .x = column ? p.b.begin : p.a.begin,
                            .y = p.c,
                            .end = p.end(0, 1),
                            .same_bias = column};
    parallel_ranges(threads, v.size, 8 * lanes<T>, 1, [&](std::size_t first, std::size_t last) {
        matrix_vector(v, first, last);
        if (activate_after) activate(p.activation, last - first, v.y + first);
    });
}

/// See launch.
template <class T>
void multiply(int threads, contracts::MatmulParameters<T> p) {
    if (p.rows == 0 || p.columns == 0) return;
    if (p.inner == 0) {  // A and B are empty: zero strides keep addresses inside them from being computed
        p.transpose_a = false;
        p.transpose_b = true;
    }
    const bool activate_after = !fits_epilogue(p.activation);
    const MatmulPart<T> whole(p);
    if (p.rows == 1 || p.columns == 1)
        matrix_vector(threads, whole, activate_after);
    else
        matrix_matrix(threads, whole, activate_after);
}

}  // namespace gantry::cpu::inline GANTRY_TARGET

namespace gantry {

/// C = activation(op(A) op(B) + bias), or C += op(A) op(B), on the CPU. Extents may be 0. The result is
/// bitwise the same for any number of threads. Only the first call with a given size allocates scratch
/// memory.
template <class T>
void launch(Cpu& device, const contracts::MatmulParameters<T>& p) {
    cpu::multiply(cpu::worthwhile_threads(1.0 * p.rows * p.columns * p.inner, device.threads()), p);
}

/// Products of many matrices: one after another if each is worth all threads, otherwise one per thread at a
/// time.
template <class T>
void launch(Cpu& device, const contracts::BatchedMatmulParameters<T>& p) {
    const double multiply_adds = 1.0 * p.first.rows * p.first.columns * p.first.inner;
    const int threads = cpu::worthwhile_threads(multiply_adds, device.threads());
    if (threads == device.threads()) {
        for (std::size_t i = 0; i < p.batches; ++i) cpu::multiply(threads, p.product(i));
        return;
    }
    const int together =
        cpu::worthwhile_threads(multiply_adds * static_cast<double>(p.batches), device.threads());
    cpu::parallel_ranges(together, p.batches, 1, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) cpu::multiply(1, p.product(i));
    });
}

}  // namespace gantry
