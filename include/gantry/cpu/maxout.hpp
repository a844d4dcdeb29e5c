#pragma once
#include <gantry/contracts/maxout.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// Calls f(row, column, count) for each vector of `count` columns of each row; only the last vector of a row
/// may be short.
template <class T, class F>
void for_row_vectors(const Cpu& device, std::size_t rows, std::size_t columns, std::size_t cost, const F& f) {
    if (columns == 0) return;
    parallel_ranges(device.threads(), rows, 1, worthwhile_elements / (columns * cost),
                    [&](std::size_t begin, std::size_t end) {
                        for (std::size_t r = begin; r < end; ++r)
                            for (std::size_t c = 0; c < columns; c += lanes<T>)
                                f(r, c, std::min(lanes<T>, columns - c));
                    });
}

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::MaxoutSelectParameters<T>& p) {
    using V = cpu::Vector<T>;
    cpu::detail::for_row_vectors<T>(
        device, p.rows, p.columns, p.pieces, [&](std::size_t r, std::size_t c, std::size_t count) {
            const T *x = p.x + r * p.pieces * p.columns + c, *values = p.values + (x - p.x);
            V largest = cpu::load_up_to(x, count), chosen = cpu::load_up_to(values, count);
            for (std::size_t piece = 1; piece < p.pieces; ++piece) {
                const V candidate = cpu::load_up_to(x += p.columns, count);
                const V value = cpu::load_up_to(values += p.columns, count);
                const auto larger = math::replaces_largest(candidate, largest);
                largest = math::select(larger, candidate, largest);
                chosen = math::select(larger, value, chosen);
            }
            cpu::store_up_to(p.out + r * p.columns + c, count, chosen);
        });
}

template <class T>
void launch(Cpu& device, const contracts::MaxoutScatterParameters<T>& p) {
    using V = cpu::Vector<T>;
    cpu::detail::for_row_vectors<T>(
        device, p.rows, p.columns, p.pieces, [&](std::size_t r, std::size_t c, std::size_t count) {
            const T* x = p.x + r * p.pieces * p.columns + c;
            T* out = p.out + (x - p.x);
            const V value = cpu::load_up_to(p.values + r * p.columns + c, count);
            V largest = cpu::load_up_to(x, count), winner = {};
            for (std::size_t piece = 1; piece < p.pieces; ++piece) {
                const V candidate = cpu::load_up_to(x += p.columns, count);
                const auto larger = math::replaces_largest(candidate, largest);
                largest = math::select(larger, candidate, largest);
                winner = math::select(larger, cpu::splat(static_cast<T>(piece)), winner);
            }
            for (std::size_t piece = 0; piece < p.pieces; ++piece, out += p.columns) {
                const auto won = winner == cpu::splat(static_cast<T>(piece));
                cpu::store_up_to(out, count, math::select(won, value, V{}));
            }
        });
}

}  // namespace gantry
