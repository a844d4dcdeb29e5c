#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/simd.hpp>

#include <cstddef>
#include <type_traits>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Reads and writes whole vectors, or the first `count` lanes of one.
template <class T, bool partial>
struct Lane {
    std::size_t count = lanes<T>;

    GANTRY_ALWAYS_INLINE Vector<T> get(const T* from) const {
        if constexpr (partial)
            return load_partial(from, count);
        else
            return load(from);
    }
    GANTRY_ALWAYS_INLINE void put(T* to, Vector<T> v) const {
        if constexpr (partial)
            store_partial(to, count, v);
        else
            store(to, v);
    }
};

/// Covers `size` elements with strips of `most` vectors, single vectors and a partial one: calls f(first
/// element, integral_constant<number of vectors>, Lane) for each.
template <std::size_t most, class T, class F>
void for_strips(std::size_t size, const F& f) {
    std::size_t i = 0;
    for (; i + most * lanes<T> <= size; i += most * lanes<T>)
        f(i, std::integral_constant<std::size_t, most>{}, Lane<T, false>{});
    for (; i + lanes<T> <= size; i += lanes<T>)
        f(i, std::integral_constant<std::size_t, 1>{}, Lane<T, false>{});
    if (i < size) f(i, std::integral_constant<std::size_t, 1>{}, Lane<T, true>{size - i});
}

/// The same, but no vector is partial if there are enough elements for one: the last vector overlaps the one
/// before it, so f computes some elements twice.
template <std::size_t most, class T, class F>
void for_overlapping_strips(std::size_t size, const F& f) {
    const std::size_t covered = size / lanes<T> * lanes<T>;
    for_strips<most, T>(size < lanes<T> ? size : covered, f);
    if (covered > 0 && covered < size)
        f(size - lanes<T>, std::integral_constant<std::size_t, 1>{}, Lane<T, false>{});
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
