#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/core/math.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/simd.hpp>
#include <gantry/ops/activation.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Epilogue of a tile of C: c = f(sums [+ c] [+ bias]).
template <class T>
struct TileEnd {
    bool add_to_c = false;
    const T* bias = nullptr;  ///< for the tile's first column, or null
    bool leaky_relu = false;  ///< f(x) = x > 0 ? x : slope x; otherwise f(x) = x
    T slope = 0;
};

/// True if an epilogue applies the activation. Others follow in a separate pass, `activate`.
constexpr bool fits_epilogue(const contracts::Activation& a) {
    return a.kind == contracts::ActivationKind::identity || a.kind == contracts::ActivationKind::leaky_relu;
}

/// Epilogue with a bias, which may be null, and with the activation if it fits.
template <class T>
TileEnd<T> epilogue(const T* bias, const contracts::Activation& a) {
    return {.bias = bias,
            .leaky_relu = a.kind == contracts::ActivationKind::leaky_relu,
            .slope = static_cast<T>(a.parameter)};
}

/// Bias and activation of the epilogue, for contiguous rows of `width` vectors. The caller has already added
/// c.
template <std::size_t width, class T, std::size_t count>
GANTRY_ALWAYS_INLINE inline void finish_sums(Vector<T> (&sums)[count], const TileEnd<T>& end) {
    if (end.bias) {
        static_for<count>([&](auto q)
                              GANTRY_ALWAYS_INLINE { sums[q] += load(end.bias + q % width * lanes<T>); });
    }
    if (end.leaky_relu) {
        const Vector<T> slope = splat(end.slope);
        static_for<count>([&](auto q) GANTRY_ALWAYS_INLINE {
            sums[q] = math::select(sums[q] > 0, sums[q], sums[q] * slope);
        });
    }
}

/// A run of consecutive terms of a sum: offsets of its first term in a and in b, and its length, at least 1.
struct Segment {
    std::size_t a = 0, b = 0, terms = 0;

    constexpr bool operator==(const Segment&) const = default;
};

/// Memory that the micro-kernel prefetches: `lines` cache lines in the rows of a matrix, two after each
/// segment. Prefetching them all at once would fill the core's few line-fill buffers and stall it.
struct Prefetch {
    const char* row = nullptr;  ///< the first row
    std::size_t row_bytes = 0;  ///< length of a row, in whole cache lines
    std::size_t row_step = 0;   ///< distance between rows, in bytes
    std::size_t lines = 0;
};

/// Operands of a tile of C, which is the sum over the terms of all segments, in order. A step is the distance
/// between consecutive terms.
template <class T>
struct TileSum {
    std::span<const Segment> segments = {};
    const T* a = nullptr;
    std::size_t a_step = 0;
    const T* b = nullptr;
    std::size_t b_step = 0;
};

/// Computes a tile of C, `height` rows by `width` vectors, with all sums in registers: c[i][j] = end(sum over
/// terms k of a[k][i] b[k][j]). c_step is the distance between the rows of c.
///
/// Each element is accumulated over the terms in order, one fused multiply-add per term, so its bits do not
/// depend on the shape of the tile.
template <class T, std::size_t height, std::size_t width>
void micro_kernel(const TileSum<T>& of, T* c, std::size_t c_step, const TileEnd<T>& end,
                  const Prefetch& prefetch) {
    Vector<T> sums[height * width];
    const auto for_each = [&](const auto& f) GANTRY_ALWAYS_INLINE {
        static_for<height * width>([&](auto q)
                                       GANTRY_ALWAYS_INLINE { f(sums[q], q / width, q % width * lanes<T>); });
    };
    for_each([](Vector<T>& sum, std::size_t, std::size_t) GANTRY_ALWAYS_INLINE { sum = Vector<T>{}; });
    const std::size_t a_step = of.a_step, b_step = of.b_step;
    const char* row_ahead = prefetch.row;
    std::size_t byte = 0, lines = prefetch.lines;
    for (const Segment& segment : of.segments) {
        const T* a = of.a + segment.a;
        const T* b = of.b + segment.b;
        std::size_t terms = segment.terms;
        do {  // do-while: clang keeps the sums in registers only if the loop body always runs
            Vector<T> row[width];
            static_for<width>([&](auto j) GANTRY_ALWAYS_INLINE {
                row[j()] = load(b + j() * lanes<T>);
                // Without this, GCC reloads b in each multiply-add of a short tile: 73 % of the peak, not 97.
                if constexpr (height > 1) keep_in_register(row[j()]);
            });
            static_for<height>([&](auto i) GANTRY_ALWAYS_INLINE {
                const Vector<T> factor = splat(a[i()]);
                static_for<width>([&](auto j) GANTRY_ALWAYS_INLINE {
                    Vector<T>& sum = sums[i() * width + j()];
                    sum = multiply_add(factor, row[j()], sum);
                });
            });
            a += a_step;
            b += b_step;
        } while (--terms > 0);
        for (int line = 0; line < 2 && lines > 0; ++line, --lines) {
            __builtin_prefetch(row_ahead + byte, 0, 2);
            byte += 64;
            if (byte == prefetch.row_bytes) {
                byte = 0;
                row_ahead += prefetch.row_step;
            }
        }
    }
    if (end.add_to_c) {
        for_each([&](Vector<T>& sum, std::size_t i, std::size_t j)
                     GANTRY_ALWAYS_INLINE { sum += load(c + i * c_step + j); });
    }
    finish_sums<width>(sums, end);
    for_each([&](Vector<T>& sum, std::size_t i, std::size_t j)
                 GANTRY_ALWAYS_INLINE { store(c + i * c_step + j, sum); });
}

/// Available tile heights. With the largest, the accumulators, a row of b and a broadcast element of a fill
/// the registers. A tile of any other height uses the next larger kernel. Each height adds 0.1 s to the
/// compile time of a program; 13 serves batches of 64 and 128.
#if defined(__AVX512F__) || defined(__aarch64__)  // 32 vector registers
inline constexpr std::array<std::size_t, 7> tile_heights = {1, 2, 4, 8, 12, 13, 14};
#else  // 16
inline constexpr std::array<std::size_t, 4> tile_heights = {1, 2, 4, 6};
#endif
inline constexpr std::size_t tile_height = tile_heights.back();
inline constexpr std::size_t tile_width = 2;  ///< in vectors

/// Index of the smallest of tile_heights that holds `rows` rows.
constexpr std::size_t tile_height_index(std::size_t rows) {
    std::size_t index = 0;
    while (tile_heights[index] < rows) ++index;
    return index;
}

template <class T>
using MicroKernel = void (*)(const TileSum<T>& of, T* c, std::size_t c_step, const TileEnd<T>& end,
                             const Prefetch& prefetch);

/// The kernel for tile_heights[height_index] rows and 1 <= width <= tile_width vectors.
template <class T>
MicroKernel<T> find_micro_kernel(std::size_t height_index, std::size_t width) {
    static constexpr auto table = []<std::size_t... i>(std::index_sequence<i...>) {
        return std::array<MicroKernel<T>, sizeof...(i)>{
            &micro_kernel<T, tile_heights[i / tile_width], i % tile_width + 1>...};
    }(std::make_index_sequence<tile_heights.size() * tile_width>{});
    return table[height_index * tile_width + width - 1];
}

/// Runs a micro-kernel, which writes whole tiles, on a tile of which C holds only `width` columns, and those
/// rows i < rows for which row_of(i), their address in C, is not null.
template <class T, class RowOf>
void multiply_edge(MicroKernel<T> kernel, const TileSum<T>& of, std::size_t rows, std::size_t width,
                   const RowOf& row_of, const TileEnd<T>& end, const Prefetch& prefetch) {
    constexpr std::size_t step = tile_width * lanes<T>;
    T buffer[tile_height * step] = {};
    const auto for_each_row = [&](const auto& f) {
        for (std::size_t i = 0; i < rows; ++i)
            if (T* const row = row_of(i)) f(row, buffer + i * step);
    };
    if (end.add_to_c) for_each_row([&](const T* row, T* copy) { std::copy_n(row, width, copy); });
    kernel(of, buffer, step, end, prefetch);
    for_each_row([&](T* row, const T* copy) { std::copy_n(copy, width, row); });
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
