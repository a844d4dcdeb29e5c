#pragma once
#include <gantry/cpu/micro_kernel.hpp>
#include <gantry/cpu/pack.hpp>
#include <gantry/cpu/scratch.hpp>
#include <gantry/kernels/matmul.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu {

/// y = x M, the product in which C is one row or one column: what reads M once is bound by memory, and
/// packing would read it twice.
template <class T>
struct MatrixVector {
    std::size_t size = 0, inner = 0;  ///< of y, and of x
    Operand<T> matrix = {};           ///< (k, j): k < inner, j < size
    const T* x = nullptr;
    T* y = nullptr;
    bool add_to_y = false;
    const T* bias = nullptr;  ///< none, or: one number if `same_bias`, else (size)
    bool same_bias = false;
    bool leaky_relu = false;
    T slope = 0;
};

namespace detail {

/// The matrix's rows lie along k: one dot product for each element of y, a vector of them at a time.
template <class T>
[[gnu::noinline]] void dot_rows(const MatrixVector<T>& p, std::size_t first, std::size_t last) {
    constexpr std::size_t at_once =
        std::min<std::size_t>(8, lanes<T>);  // so many rows' addresses fit in registers
    const std::size_t whole = p.inner / lanes<T> * lanes<T>;
    for (std::size_t j = first; j < last; j += lanes<T>) {
        const auto row = [&](std::size_t i) { return p.matrix.at(0, std::min(j + i, last - 1)).begin; };
        Vector<T> sums[lanes<T>];
        static_for<lanes<T> / at_once>([&](auto group) GANTRY_ALWAYS_INLINE {
            const T* rows[at_once];
            static_for<at_once>([&](auto i) GANTRY_ALWAYS_INLINE {
                rows[i] = row(group * at_once + i);
                sums[group * at_once + i] = Vector<T>{};
            });
            for (std::size_t k = 0; k < whole; k += lanes<T>) {
                const Vector<T> x = load(p.x + k);
                static_for<at_once>(
                    [&](auto i) GANTRY_ALWAYS_INLINE { sums[group * at_once + i] += x * load(rows[i] + k); });
            }
        });
        T dots[lanes<T>];
        store(dots, sum_rows(sums));
        for (std::size_t i = 0; i < std::min(lanes<T>, last - j); ++i) {
            T y = dots[i];
            for (std::size_t k = whole; k < p.inner; ++k) y += p.x[k] * row(i)[k];
            if (p.add_to_y) y += p.y[j + i];
            if (p.bias) y += p.bias[p.same_bias ? 0 : j + i];
            if (p.leaky_relu) y = y > 0 ? y : y * p.slope;
            p.y[j + i] = y;
        }
    }
}

/// The matrix's rows lie along y: y is a wide tile of one row, and the matrix is read in place.
template <class T>
[[gnu::noinline]] void add_rows(const MatrixVector<T>& p, std::size_t first, std::size_t last) {
    constexpr std::size_t widest = 16;  // vectors in a tile: the longer its rows, the better for the memory
    const std::size_t blocks = inner_blocks(p.inner);
    T bias[widest * lanes<T>] = {}, buffer[lanes<T>] = {};
    if (p.bias && p.same_bias) std::fill(bias, bias + widest * lanes<T>, *p.bias);
    for (std::size_t j = first; j < last;) {
        const std::size_t vectors = last - j >= widest * lanes<T> ? widest : last - j >= 4 * lanes<T> ? 4 : 1;
        const std::size_t width = std::min(vectors * lanes<T>, last - j);
        const bool whole = width % lanes<T> == 0;
        T* const y = whole ? p.y + j : buffer;
        if (!whole && p.add_to_y) std::copy_n(p.y + j, width, y);
        for (std::size_t block = 0; block < blocks; ++block) {
            const std::size_t k = p.inner * block / blocks, terms = p.inner * (block + 1) / blocks - k;
            TileEnd<T> end{.add_to_c = p.add_to_y || block > 0};
            if (block + 1 == blocks) {
                if (p.bias && (p.same_bias || !whole)) {
                    if (!p.same_bias) std::copy_n(p.bias + j, width, bias);
                    end.bias = bias;
                } else if (p.bias) {
                    end.bias = p.bias + j;
                }
                end.leaky_relu = p.leaky_relu;
                end.slope = p.slope;
            }
            const Operand<T> part = p.matrix.at(k, j);
            if (whole) {
                const auto kernel = vectors == widest ? micro_kernel<T, 1, widest>
                                    : vectors == 4    ? micro_kernel<T, 1, 4>
                                                      : micro_kernel<T, 1, 1>;
                kernel(terms, p.x + k, 1, part.begin, part.stride, y, 0, end);
            } else {
                T* const panel = scratch<T>(whole_vectors<T>(terms) * lanes<T>);
                pack(part, terms, width, panel, lanes<T>);
                micro_kernel<T, 1, 1>(terms, p.x + k, 1, panel, lanes<T>, y, 0, end);
            }
        }
        if (!whole) std::copy_n(y, width, p.y + j);
        j += width;
    }
}

}  // namespace detail

/// Elements [first, last) of y. Their bits do not depend on the range.
template <class T>
void matrix_vector(const MatrixVector<T>& p, std::size_t first, std::size_t last) {
    p.matrix.k_in_row ? detail::dot_rows(p, first, last) : detail::add_rows(p, first, last);
}

}  // namespace gantry::cpu
