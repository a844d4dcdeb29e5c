#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/gemm/micro_kernel.hpp>
#include <gantry/cpu/simd/simd.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Rows in a group. A tile consists of groups of equally spaced rows; with four rows, an address operand
/// reaches each of them from the group's pointer with hardly any extra registers.
inline constexpr std::size_t group_rows = 4;

/// Operands of a tile whose groups of rows may be anywhere in memory. The terms of a row are contiguous.
template <class T>
struct GroupSum {
    std::span<const Segment> segments = {};
    const T* const* a = nullptr;  ///< the first row of each group
    std::size_t a_step = 0;       ///< distance between the rows of a group
    const T* b = nullptr;
    std::size_t b_step = 0;  ///< distance between consecutive terms
};

/// Micro-kernel for a tile of `groups` groups of rows and `width` vectors: c[g][i][j] = end(sum over terms k
/// of a[g][i][k] b[k][j]). c_step is the distance between the rows of a group.
template <class T, std::size_t groups, std::size_t width>
void group_kernel(const GroupSum<T>& of, T* const* c, std::size_t c_step, const TileEnd<T>& end) {
    Vector<T> sums[groups * group_rows * width];
    static_for<groups * group_rows * width>([&](auto q) GANTRY_ALWAYS_INLINE { sums[q] = Vector<T>{}; });
    const std::size_t a_step = of.a_step, b_step = of.b_step;
    for (const Segment& segment : of.segments) {
        const T* a[groups];
        static_for<groups>([&](auto g) GANTRY_ALWAYS_INLINE { a[g] = of.a[g] + segment.a; });
        const T* b = of.b + segment.b;
        std::size_t terms = segment.terms;
        do {  // see micro_kernel
            Vector<T> row[width];
            static_for<width>([&](auto j) GANTRY_ALWAYS_INLINE {
                row[j] = load(b + j * lanes<T>);
                keep_in_register(row[j]);
            });
            static_for<groups * group_rows>([&](auto i) GANTRY_ALWAYS_INLINE {
                const Vector<T> factor = splat(a[i / group_rows][i % group_rows * a_step]);
                static_for<width>([&](auto j) GANTRY_ALWAYS_INLINE {
                    sums[i * width + j] = multiply_add(factor, row[j], sums[i * width + j]);
                });
            });
            static_for<groups>([&](auto g) GANTRY_ALWAYS_INLINE {
                ++a[g];
                asm("" : "+r"(a[g]));  // otherwise the compiler keeps one pointer per row, in memory
            });
            b += b_step;
        } while (--terms > 0);
    }
    finish_sums<width>(sums, end);
    static_for<groups * group_rows * width>([&](auto q) GANTRY_ALWAYS_INLINE {
        constexpr std::size_t row = q / width;
        store(c[row / group_rows] + row % group_rows * c_step + q % width * lanes<T>, sums[q]);
    });
}

/// Most groups in a tile of 1, 2 or 3 vectors: the accumulators, a row of b and a broadcast element of a fill
/// the registers.
#if defined(__AVX512F__) || defined(__aarch64__)  // 32 vector registers
inline constexpr std::array<std::size_t, 3> most_groups = {4, 3, 2};
#else  // 16
inline constexpr std::array<std::size_t, 3> most_groups = {3, 1, 1};
#endif

template <class T>
using GroupKernel = void (*)(const GroupSum<T>& of, T* const* c, std::size_t c_step, const TileEnd<T>& end);

/// The kernel for 1 <= width <= 3 vectors and 1 <= groups <= most_groups[width - 1].
template <class T>
GroupKernel<T> find_group_kernel(std::size_t groups, std::size_t width) {
    constexpr std::size_t widths = most_groups.size();
    static constexpr auto table = []<std::size_t... i>(std::index_sequence<i...>) {
        return std::array<GroupKernel<T>, sizeof...(i)>{
            &group_kernel<T, std::min(i / widths + 1, most_groups[i % widths]), i % widths + 1>...};
    }(std::make_index_sequence<most_groups[0] * widths>{});
    return table[(groups - 1) * widths + width - 1];
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
