#pragma once
#include <gantry/core/math.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Block size of sums: within a block they are accumulated in T, across blocks in double.
inline constexpr std::size_t sum_block = 2048;

/// Sum of `count` <= sum_block elements, in four vector accumulators; those of no whole vector one by one,
/// which takes less time than to load a part of a vector.
template <class T>
double sum_of_block(const T* x, std::size_t count) {
    constexpr std::size_t at_once = 4;
    Vector<T> sums[at_once] = {};
    std::size_t i = 0;
    for (; i + at_once * lanes<T> <= count; i += at_once * lanes<T>)
        static_for<at_once>([&](auto k) GANTRY_ALWAYS_INLINE { sums[k] += load(x + i + k * lanes<T>); });
    for (; i + lanes<T> <= count; i += lanes<T>) sums[0] += load(x + i);
    T total = i > 0 ? sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3])) : T(0);
    for (; i < count; ++i) total += x[i];
    return static_cast<double>(total);
}

/// Sum of `count` elements `step` apart, entirely in double: for sums that overflow in T.
template <class T>
double sum_in_double(const T* x, std::size_t count, std::size_t step = 1) {
    double total = 0;
    for (std::size_t i = 0; i < count; ++i) total += static_cast<double>(x[i * step]);
    return total;
}

/// Sum of `count` elements.
template <class T>
double sum(const T* x, std::size_t count) {
    double total = 0;
    for (std::size_t i = 0; i < count; i += sum_block) {
        const std::size_t block = std::min(sum_block, count - i);
        const double of_block = sum_of_block(x + i, block);
        total += math::is_finite(of_block) ? of_block : sum_in_double(x + i, block);
    }
    return total;
}

/// to = [to +] the sum of `groups` consecutive arrays of `size` elements, added in order.
template <class T>
void add_groups(int threads, std::size_t groups, std::size_t size, const T* from, T* to, bool add_to) {
    parallel_ranges(threads, size, 1, worthwhile_elements / groups, [&](std::size_t begin, std::size_t end) {
        if (!add_to) std::fill(to + begin, to + end, T(0));
        for (std::size_t g = 0; g < groups; ++g)
            for (std::size_t i = begin; i < end; ++i) to[i] += from[g * size + i];
    });
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
