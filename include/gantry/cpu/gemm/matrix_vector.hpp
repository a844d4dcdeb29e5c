#pragma once
#include <gantry/contracts/matmul.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/gemm/micro_kernel.hpp>
#include <gantry/cpu/gemm/pack.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// y = x M: C has one row or one column. M is read once, so the product is bound by memory bandwidth; packing
/// would read M twice.
template <class T>
struct MatrixVector {
    std::size_t size = 0, inner = 0;  ///< elements of y and of x
    Operand<T> matrix = {};           ///< (k, j): k < inner, j < size
    const T* x = nullptr;
    T* y = nullptr;
    TileEnd<T> end = {};  ///< its bias is null, or has one element if `same_bias`, else (size)
    bool same_bias = false;

    /// Element j of y after bias and activation.
    T finish(std::size_t j, T sum) const {
        if (end.bias) sum += end.bias[same_bias ? 0 : j];
        if (end.leaky_relu) sum = sum > 0 ? sum : sum * end.slope;
        return sum;
    }
};

namespace detail {

/// Dot products of x with rows j, j + 1, ... of a matrix whose rows run along k: one per lane, over whole
/// vectors of k only. Rows from `last` on repeat the last one.
template <class T>
GANTRY_ALWAYS_INLINE inline Vector<T> dot_products(const MatrixVector<T>& p, std::size_t j,
                                                   std::size_t last) {
    constexpr std::size_t at_once =
        std::min<std::size_t>(8, lanes<T>);  // rows whose addresses fit in registers
    const std::size_t whole = p.inner / lanes<T> * lanes<T>;
    Vector<T> sums[lanes<T>];
    static_for<lanes<T> / at_once>([&](auto group) GANTRY_ALWAYS_INLINE {
        const T* rows[at_once];
        static_for<at_once>([&](auto i) GANTRY_ALWAYS_INLINE {
            rows[i] = p.matrix.at(0, std::min(j + group * at_once + i, last - 1)).begin;
            sums[group * at_once + i] = Vector<T>{};
        });
        for (std::size_t k = 0; k < whole; k += lanes<T>) {
            const Vector<T> x = load(p.x + k);
            static_for<at_once>(
                [&](auto i) GANTRY_ALWAYS_INLINE { sums[group * at_once + i] += x * load(rows[i] + k); });
        }
    });
    return sum_rows(sums);
}

/// The matrix's rows run along k: one dot product per element of y, lanes<T> of them at a time.
template <class T>
[[gnu::noinline]] void dot_rows(const MatrixVector<T>& p, std::size_t first, std::size_t last) {
    const std::size_t whole = p.inner / lanes<T> * lanes<T>;
    for (std::size_t j = first; j < last; j += lanes<T>) {
        T dots[lanes<T>];
        store(dots, dot_products(p, j, last));
        for (std::size_t i = j; i < std::min(j + lanes<T>, last); ++i) {
            const T* const row = p.matrix.at(0, i).begin;
            T y = dots[i - j];
            for (std::size_t k = whole; k < p.inner; ++k) y += p.x[k] * row[k];
            if (p.end.add_to_c) y += p.y[i];
            p.y[i] = p.finish(i, y);
        }
    }
}

/// sums[j] += x[0] row_0[j] + x[1] row_1[j] + ... in this order, over `rows` rows of the matrix, j < width.
/// Several rows at once, since each pass reads and writes the sums; each row is a stream that the hardware
/// prefetches.
template <std::size_t rows, class T>
GANTRY_ALWAYS_INLINE inline void add_scaled_rows(const Operand<T>& matrix, const T* x, std::size_t width,
                                                 T* sums) {
    const auto add = [&](std::size_t j, const auto& load_row) GANTRY_ALWAYS_INLINE {
        Vector<T> sum = load(sums + j);
        static_for<rows>([&](auto i) GANTRY_ALWAYS_INLINE {
            sum += splat(x[i()]) * load_row(matrix.begin + i() * matrix.stride + j);
        });
        store(sums + j, sum);
    };
    std::size_t j = 0;
    for (; j + lanes<T> <= width; j += lanes<T>)
        add(j, [](const T* from) GANTRY_ALWAYS_INLINE { return load(from); });
    if (j < width) add(j, [&](const T* from) GANTRY_ALWAYS_INLINE { return load_inside(from, matrix.end); });
}

/// sums = the sum of the rows of one block of the inner dimension, each scaled by an element of x: elements
/// [j, j + width) of y.
template <class T>
void add_block(const MatrixVector<T>& p, std::size_t block, std::size_t j, std::size_t width, T* sums) {
    constexpr std::size_t at_once = 8;
    auto [k, end] = share(p.inner, block, inner_blocks(p.inner));
    std::fill_n(sums, whole_vectors<T>(width), T(0));
    for (; k + at_once <= end; k += at_once)
        add_scaled_rows<at_once>(p.matrix.at(k, j), p.x + k, width, sums);
    for (; k < end; ++k) add_scaled_rows<1>(p.matrix.at(k, j), p.x + k, width, sums);
}

/// The matrix's rows run along y: y is the sum of the rows, each scaled by an element of x.
template <class T>
[[gnu::noinline]] void add_rows(const MatrixVector<T>& p, std::size_t first, std::size_t last) {
    constexpr std::size_t strip = 8192 / sizeof(T);  // a strip of sums stays in the L1 cache
    T* const sums = scratch<T>(whole_vectors<T>(std::min(strip, last - first)));
    for (std::size_t j = first; j < last; j += strip) {
        const std::size_t width = std::min(strip, last - j);
        for (std::size_t block = 0; block < inner_blocks(p.inner); ++block) {
            add_block(p, block, j, width, sums);
            if (p.end.add_to_c || block > 0)
                for (std::size_t i = 0; i < width; ++i) p.y[j + i] += sums[i];
            else
                std::copy_n(sums, width, p.y + j);
        }
        for (std::size_t i = j; i < j + width; ++i) p.y[i] = p.finish(i, p.y[i]);
    }
}

}  // namespace detail

/// Computes elements [first, last) of y. Their values are bitwise independent of the range.
template <class T>
void matrix_vector(const MatrixVector<T>& p, std::size_t first, std::size_t last) {
    p.matrix.k_in_row ? detail::dot_rows(p, first, last) : detail::add_rows(p, first, last);
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
