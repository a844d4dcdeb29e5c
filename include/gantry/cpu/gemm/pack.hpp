#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/gemm/micro_kernel.hpp>
#include <gantry/cpu/simd/simd.hpp>
#include <gantry/cpu/threads/parallel.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// View of a matrix as an operand of a product, from some element on. Element (k, j): k runs along the inner
/// dimension, j along the rows of C (operand A) or its columns (operand B).
template <class T>
struct Operand {
    const T* begin = nullptr;  ///< element (0, 0)
    const T* end = nullptr;    ///< end of the whole matrix
    std::size_t stride = 0;    ///< distance between the matrix's rows in memory
    bool k_in_row = false;     ///< whether (k + 1, j) follows (k, j) in memory; otherwise (k, j + 1) does

    Operand at(std::size_t k, std::size_t j) const {
        return {begin + (k_in_row ? j * stride + k : k * stride + j), end, stride, k_in_row};
    }
};

/// `n` rounded up to a multiple of lanes<T>.
template <class T>
constexpr std::size_t whole_vectors(std::size_t n) {
    return (n + lanes<T> - 1) / lanes<T> * lanes<T>;
}

/// Longest block of the inner dimension: a panel of B with this many terms stays in the L1 cache.
inline constexpr std::size_t longest_block = 384;

/// Number of blocks that an inner dimension of `inner` terms is split into. It determines the rounding of the
/// result, so it depends on the whole extent alone and never on a thread's share.
constexpr std::size_t inner_blocks(std::size_t inner) {
    return std::max<std::size_t>(1, (inner + longest_block - 1) / longest_block);
}

namespace detail {

/// Loads a vector that may run into the next row of the matrix but is cut at its `end`.
template <class T>
[[gnu::noinline]] Vector<T> load_at_end(const T* from, const T* end) {
    const std::size_t rest = static_cast<std::size_t>(end - from);
    return rest >= lanes<T> ? load(from) : load_partial(from, rest);
}
template <class T>
GANTRY_ALWAYS_INLINE inline Vector<T> load_inside(const T* from, const T* end) {
    return static_cast<std::size_t>(end - from) >= lanes<T> ? load(from) : load_at_end(from, end);
}

template <std::size_t vectors, class T>
GANTRY_ALWAYS_INLINE inline void copy_rows(const Operand<T>& from, std::size_t rows, T* to,
                                           std::size_t step) {
    const T* row = from.begin;
    for (std::size_t k = 0; k < rows; ++k, row += from.stride, to += step)
        static_for<vectors>([&](auto j)
                                GANTRY_ALWAYS_INLINE { store(to + j * lanes<T>, load(row + j * lanes<T>)); });
}

}  // namespace detail

/// Packs elements (k, j), k < inner, j < width, into panel[k * step + j]. The padding up to the next whole
/// vector holds arbitrary other elements of the matrix, or 0. Writes whole_vectors(inner) rows of step >=
/// whole_vectors(width) elements.
template <class T>
[[gnu::noinline]] void pack(const Operand<T>& from, std::size_t inner, std::size_t width, T* panel,
                            std::size_t step) {
    if (!from.k_in_row) {
        const std::size_t padded = whole_vectors<T>(width),
                          rest = static_cast<std::size_t>(from.end - from.begin);
        // Rows that can be read in whole vectors without a bounds check.
        const std::size_t inside = rest < padded ? 0 : std::min(inner, (rest - padded) / from.stride + 1);
        std::size_t column = 0;
        for (; column + 2 * lanes<T> <= padded; column += 2 * lanes<T>)
            detail::copy_rows<2>(from.at(0, column), inside, panel + column, step);
        if (column < padded) detail::copy_rows<1>(from.at(0, column), inside, panel + column, step);
        for (std::size_t k = inside; k < inner; ++k)
            for (std::size_t j = 0; j < width; j += lanes<T>)
                store(panel + k * step + j, detail::load_inside(from.begin + k * from.stride + j, from.end));
        return;
    }
    for (std::size_t j = 0; j < width; j += lanes<T>) {
        const auto row = [&](std::size_t i) GANTRY_ALWAYS_INLINE {
            return from.begin + std::min(j + i, width - 1) * from.stride;
        };
        for (std::size_t k = 0; k < inner; k += lanes<T>) {
            Vector<T> block[lanes<T>];
            if (static_cast<std::size_t>(from.end - row(lanes<T> - 1)) >= k + lanes<T>) {
                static_for<lanes<T>>([&](auto i) GANTRY_ALWAYS_INLINE { block[i] = load(row(i) + k); });
            } else {
                static_for<lanes<T>>([&](auto i) GANTRY_ALWAYS_INLINE {
                    block[i] = detail::load_at_end(row(i) + k, from.end);
                });
            }
            transpose(block);
            static_for<lanes<T>>([&](auto i)
                                     GANTRY_ALWAYS_INLINE { store(panel + (k + i) * step + j, block[i]); });
        }
    }
}

/// Share `i` of `shares` of the memory that pack(from, inner, width, ...) will read. Hardware prefetchers
/// do not follow such strides: without software prefetching, each row of a panel of B would wait for memory.
template <class T>
Prefetch prefetch_share(const Operand<T>& from, std::size_t inner, std::size_t width, std::size_t i,
                        std::size_t shares) {
    const std::size_t rows = from.k_in_row ? width : inner, columns = from.k_in_row ? inner : width;
    const auto [first, last] = share(rows, i, shares);
    const std::size_t lines_in_row = (columns * sizeof(T) + 63) / 64;
    return {.row = reinterpret_cast<const char*>(from.begin + first * from.stride),
            .row_bytes = lines_in_row * 64,
            .row_step = from.stride * sizeof(T),
            .lines = (last - first) * lines_in_row};
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
