#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/simd.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Loads vectors from an array of `size` elements. If `bounded`, a vector is cut at the end of the array. It
/// may still run into the next row; the caller ignores those lanes.
template <bool bounded>
struct Reader {
    std::size_t size;

    template <class T>
    GANTRY_ALWAYS_INLINE Vector<T> operator()(const T* x, std::size_t i) const {
        if constexpr (bounded)
            if (i + lanes < T >> size) return load_partial(x + i, size - i);
        return load(x + i);
    }
};

/// Reduces each column of a matrix (rows, columns), both > 0, in an order that depends on the extents alone.
///
/// If there are few columns, `fold` consecutive rows are read as one wider row, so that vectors are filled;
/// the last row may then be short. Rows are split into chunks, which are distributed over the threads, and
/// chunks into blocks, which fit in the L1 cache. A block is read in strips of four vectors of columns. The
/// results of blocks are merged into those of their chunk, those of chunks into the total, and those of
/// folded columns into one, each in order.
// clang-format off
///
/// A reduction R has these members. Results that are all 0 are those of no rows.
///
///     static constexpr std::size_t results;  // per column
///
///     // Reduces a block of `rows` rows and `vectors` vectors of columns to `out`. Element (r, c) of the block
///     // has index first + r * width + c in the matrix; read(x, i) loads the vector at index i of array x;
///     // `column` is the block's first column, an index into repeated arrays.
///     template <std::size_t vectors, class Read>
///     void block(Read read, std::size_t first, std::size_t column, std::size_t rows, std::size_t width,
///                std::array<Vector<T>, results> (&out)[vectors]) const;
///
///     // Merges b, the results of the next rows_b rows, into a, those of rows_a rows.
///     template <class V>
///     static void merge(std::array<V, results>& a, std::size_t rows_a,
///                       const std::array<V, results>& b, std::size_t rows_b);
// clang-format on
template <class T>
class ColumnReduction {
public:
    ColumnReduction(std::size_t rows, std::size_t columns)
        : size_(rows * columns),
          columns_(columns),
          fold_(std::max<std::size_t>(1, strip_vectors * lanes<T> / columns)),
          width_(columns * fold_),
          padded_width_((width_ + lanes<T> - 1) / lanes<T> * lanes<T>),
          rows_(rows / fold_),
          chunk_rows_(std::max(least_chunk_rows, (rows_ + most_chunks - 1) / most_chunks)),
          chunks_((rows_ + chunk_rows_ - 1) / chunk_rows_) {}

    /// Length of per-column arrays in their repeated form (see `repeat`), which reductions index by `column`
    /// and vector loops by ColumnPhase.
    std::size_t repeated_length() const { return std::max(padded_width_, columns_ + lanes<T>); }
    /// Elements of scratch memory that `reduce` needs for `results` results per column.
    std::size_t memory(std::size_t results) const { return (chunks_ + 2) * results * padded_width_; }

    /// Repeats a per-column array: to[i] = from[i % columns], i < repeated_length(). `from` may be `to`.
    void repeat(const T* from, T* to) const {
        if (from != to) std::copy_n(from, columns_, to);
        for (std::size_t i = columns_; i < repeated_length(); ++i) to[i] = to[i - columns_];
    }

    /// Reduces the matrix, with `memory` of memory(R::results) elements. Result k of column c is returned at
    /// [k][c].
    template <class R>
    std::array<T*, R::results> reduce(int threads, T* memory, const R& reduction) const {
        const std::size_t chunk_size = chunk_rows_ * width_;
        parallel_ranges(threads, chunks_, 1, (worthwhile_elements + chunk_size - 1) / chunk_size,
                        [&](std::size_t begin, std::size_t end) {
                            for (std::size_t j = begin; j < end; ++j)
                                reduce_chunk(reduction, j * chunk_rows_, rows_of(j), width_,
                                             state<R>(memory, j + 1));
                        });
        const State<R> total = state<R>(memory, 0);
        std::fill_n(total[0], R::results * padded_width_, T{0});
        for (std::size_t j = 0; j < chunks_; ++j) {
            const State<R> part = state<R>(memory, j + 1);
            for (std::size_t c = 0; c < padded_width_; c += lanes<T>) {
                auto sum = get<Vector<T>>(total, c);
                R::merge(sum, j * chunk_rows_, get<Vector<T>>(part, c), rows_of(j));
                put(total, c, sum);
            }
        }
        if (fold_ > 1) unfold<R>(reduction, total, state<R>(memory, chunks_ + 1));
        return total;
    }

private:
    static constexpr std::size_t strip_vectors = 4, block_rows = 32, least_chunk_rows = 16, most_chunks = 64;

    template <class R>
    using State = std::array<T*, R::results>;

    template <class R>
    State<R> state(T* memory, std::size_t index) const {
        State<R> result;
        for (std::size_t k = 0; k < R::results; ++k)
            result[k] = memory + (index * R::results + k) * padded_width_;
        return result;
    }
    std::size_t rows_of(std::size_t chunk) const {
        return std::min(chunk_rows_, rows_ - chunk * chunk_rows_);
    }
    template <class V, std::size_t results>
    static std::array<V, results> get(const std::array<T*, results>& from, std::size_t c) {
        std::array<V, results> values;
        for (std::size_t k = 0; k < results; ++k) {
            if constexpr (std::is_same_v<V, T>)
                values[k] = from[k][c];
            else
                values[k] = load(from[k] + c);
        }
        return values;
    }
    template <class V, std::size_t results>
    static void put(const std::array<T*, results>& to, std::size_t c, const std::array<V, results>& values) {
        for (std::size_t k = 0; k < results; ++k) {
            if constexpr (std::is_same_v<V, T>)
                to[k][c] = values[k];
            else
                store(to[k] + c, values[k]);
        }
    }

    template <class R>
    void reduce_chunk(const R& reduction, std::size_t first_row, std::size_t rows, std::size_t width,
                      const State<R>& into) const {
        std::fill_n(into[0], R::results * padded_width_, T{0});
        for (std::size_t done = 0; done < rows; done += block_rows) {
            const std::size_t count = std::min(block_rows, rows - done);
            const auto strip = [&]<std::size_t vectors>(std::size_t c, auto read) {
                std::array<Vector<T>, R::results> part[vectors];
                reduction.template block<vectors>(read, (first_row + done) * width_ + c, c, count, width_,
                                                  part);
                for (std::size_t v = 0; v < vectors; ++v) {
                    auto sum = get<Vector<T>>(into, c + v * lanes<T>);
                    R::merge(sum, done, part[v], count);
                    put(into, c + v * lanes<T>, sum);
                }
            };
            std::size_t c = 0;
            for (; c + strip_vectors * lanes<T> <= width; c += strip_vectors * lanes<T>)
                strip.template operator()<strip_vectors>(c, Reader<false>{size_});
            for (; c < width; c += lanes<T>) strip.template operator()<1>(c, Reader<true>{size_});
        }
    }
    // Merges the short last row, then the folded columns.
    template <class R>
    void unfold(const R& reduction, const State<R>& total, const State<R>& last) const {
        const std::size_t rest = size_ % width_;
        if (rest > 0) reduce_chunk(reduction, rows_, 1, rest, last);
        for (std::size_t c = 0; c < columns_; ++c) {
            std::array<T, R::results> sum{};
            std::size_t count = 0;
            for (std::size_t i = c; i < width_; i += columns_) {
                R::merge(sum, count, get<T>(total, i), rows_);
                count += rows_;
                if (i >= rest) continue;
                R::merge(sum, count, get<T>(last, i), 1);
                ++count;
            }
            put(total, c, sum);
        }
    }

    std::size_t size_, columns_, fold_, width_, padded_width_, rows_, chunk_rows_, chunks_;
};

/// Column position of a vector loop over a matrix: the column of the first lane of the current vector, an
/// index into arrays repeated by ColumnReduction::repeat.
class ColumnPhase {
public:
    /// Position of the vector that starts at element `begin` of a matrix with `columns` columns.
    template <class T>
    static ColumnPhase of(std::size_t begin, std::size_t columns) {
        return {begin % columns, lanes<T> % columns, columns};
    }
    std::size_t operator()() const { return column_; }
    /// Advances by one vector.
    void next() {
        column_ += step_;
        if (column_ >= columns_) column_ -= columns_;
    }

private:
    ColumnPhase(std::size_t column, std::size_t step, std::size_t columns)
        : column_(column), step_(step), columns_(columns) {}
    std::size_t column_, step_, columns_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
