#pragma once
#include <gantry/contracts/maxout.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/strips.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// The elements of several rows as lanes, for rows that are shorter than a vector.
template <class T>
struct LanesOfRows {
    std::size_t count;         ///< lanes in use; the others repeat the last one
    std::size_t at[lanes<T>];  ///< index of the first piece of each lane

    /// The results `first`, ..., first + used - 1.
    LanesOfRows(std::size_t first, std::size_t used, std::size_t pieces, std::size_t columns) : count(used) {
        std::size_t row = first / columns, column = first % columns;
        for (std::size_t l = 0; l < lanes<T>; ++l) {
            at[l] = row * pieces * columns + column;
            if (l + 1 >= count || ++column < columns) continue;
            column = 0;
            ++row;
        }
    }
    GANTRY_ALWAYS_INLINE Vector<T> get(const T* from) const {
        Vector<T> v;
        static_for<lanes<T>>([&](auto l) GANTRY_ALWAYS_INLINE { v[l()] = from[at[l()]]; });
        return v;
    }
    GANTRY_ALWAYS_INLINE void put(T* to, Vector<T> v) const {
        for (std::size_t l = 0; l < count; ++l) to[at[l]] = v[l];
    }
};

/// Calls f(i, o, count, lane) for each vector of results of a maxout. Its results are o, ..., o + count - 1,
/// its first pieces lane.get(x + i), and those of the next pieces `columns` elements later. Where a vector
/// does not divide a row, the last one overlaps the one before it, so f computes some results twice.
template <class T, class F>
void for_maxouts(const Cpu& device, std::size_t rows, std::size_t pieces, std::size_t columns, const F& f) {
    if (columns == 0) return;
    if (columns >= lanes<T>) {
        parallel_ranges(device.threads(), rows, 1, worthwhile_elements / (columns * pieces),
                        [&](std::size_t begin, std::size_t end) {
                            for (std::size_t r = begin; r < end; ++r)
                                for (std::size_t i = 0; i < columns; i += lanes<T>) {
                                    const std::size_t c = std::min(i, columns - lanes<T>);
                                    f(r * pieces * columns + c, r * columns + c, lanes<T>, Lane<T, false>{});
                                }
                        });
        return;
    }
    const std::size_t results = rows * columns;
    parallel_ranges(device.threads(), results, lanes<T>, worthwhile_elements / pieces,
                    [&](std::size_t begin, std::size_t end) {
                        for (std::size_t o = begin; o < end; o += lanes<T>) {
                            const LanesOfRows<T> lane(o, std::min(lanes<T>, end - o), pieces, columns);
                            f(0, o, lane.count, lane);
                        }
                    });
}

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::MaxoutSelectParameters<T>& p) {
    const auto select = [&](std::size_t i, std::size_t o, std::size_t count, const auto& lane) {
        const T *x = p.x + i, *values = p.values + i;
        auto largest = lane.get(x), chosen = lane.get(values);
        for (std::size_t piece = 1; piece < p.pieces; ++piece) {
            const auto candidate = lane.get(x += p.columns), value = lane.get(values += p.columns);
            const auto larger = math::replaces_largest(candidate, largest);
            largest = math::select(larger, candidate, largest);
            chosen = math::select(larger, value, chosen);
        }
        cpu::store_up_to(p.out + o, count, chosen);
    };
    cpu::detail::for_maxouts<T>(device, p.rows, p.pieces, p.columns, select);
}

template <class T>
void launch(Cpu& device, const contracts::MaxoutScatterParameters<T>& p) {
    using V = cpu::Vector<T>;
    const auto scatter = [&](std::size_t i, std::size_t o, std::size_t count, const auto& lane) {
        const T* x = p.x + i;
        T* out = p.out + i;
        const V value = cpu::load_up_to(p.values + o, count);
        V largest = lane.get(x), winner = {};
        for (std::size_t piece = 1; piece < p.pieces; ++piece) {
            const V candidate = lane.get(x += p.columns);
            const auto larger = math::replaces_largest(candidate, largest);
            largest = math::select(larger, candidate, largest);
            winner = math::select(larger, cpu::splat(static_cast<T>(piece)), winner);
        }
        for (std::size_t piece = 0; piece < p.pieces; ++piece, out += p.columns) {
            const auto won = winner == cpu::splat(static_cast<T>(piece));
            lane.put(out, math::select(won, value, V{}));
        }
    };
    cpu::detail::for_maxouts<T>(device, p.rows, p.pieces, p.columns, scatter);
}

}  // namespace gantry
