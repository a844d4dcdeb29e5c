#pragma once
#include <gantry/contracts/softmax.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// A row, read in vectors. Lanes beyond its end are set to `fill`.
template <class T>
struct RowVectors {
    const T* row;
    std::size_t columns;

    template <class F>
    GANTRY_ALWAYS_INLINE void each(T fill, const F& f) const {
        for (std::size_t c = 0; c < columns; c += lanes<T>) f(c, at(c, fill));
    }
    GANTRY_ALWAYS_INLINE Vector<T> at(std::size_t c, T fill) const {
        return with_fill(c, load_up_to(row + c, count(c)), fill);
    }
    /// v, the vector at column c, with the lanes beyond the row set to `fill`.
    GANTRY_ALWAYS_INLINE Vector<T> with_fill(std::size_t c, Vector<T> v, T fill) const {
        for (std::size_t lane = count(c); lane < lanes<T>; ++lane) v[lane] = fill;
        return v;
    }
    std::size_t count(std::size_t c) const { return std::min(lanes<T>, columns - c); }
};

/// Largest element of a row, and the sum of exp(x - largest).
template <class T>
struct ExponentialSum {
    T largest, sum;

    explicit ExponentialSum(RowVectors<T> x) {
        using V = Vector<T>;
        const T first = x.row[0];
        V most = splat(first), sums = {};
        x.each(first, [&](std::size_t, V v) { most = math::max(v, most); });
        largest = most[0];
        for (std::size_t i = 1; i < lanes<T>; ++i) largest = math::max(largest, T{most[i]});
        x.each(first, [&](std::size_t c, V v) { sums += x.with_fill(c, math::exp(v - largest), T{0}); });
        sum = sum_lanes(sums);
    }
};

/// Cross-entropy of a row. Writes `scale` times its gradient to `gradient` unless that is null.
template <class T>
T cross_entropy_of_row(RowVectors<T> x, RowVectors<T> targets, T* gradient, T scale) {
    using V = Vector<T>;
    const ExponentialSum<T> total(x);
    const T log_sum = math::log(total.sum);
    const V farthest = splat(std::numeric_limits<T>::max());  // finite, so that 0 times it is 0
    V losses = {}, weights = {};
    x.each(T{0}, [&](std::size_t c, V v) {
        const V target = targets.at(c, T{0});
        losses += target * math::min(total.largest - v + log_sum, farthest);
        weights += target;
    });
    if (gradient) {
        const T factor = sum_lanes(weights) / total.sum;
        x.each(T{0}, [&](std::size_t c, V v) {
            store_up_to(gradient + c, x.count(c),
                        scale * (factor * math::exp(v - total.largest) - targets.at(c, T{0})));
        });
    }
    return sum_lanes(losses);
}

/// Rows that are worth a thread: an exponential costs as much as several cheap operations.
inline std::size_t worthwhile_softmax_rows(std::size_t columns) {
    return worthwhile_elements / 8 / std::max<std::size_t>(1, columns);
}

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::SoftmaxParameters<T>& p) {
    using V = cpu::Vector<T>;
    if (p.columns == 0) return;
    cpu::parallel_ranges(device.threads(), p.rows, 1, cpu::detail::worthwhile_softmax_rows(p.columns),
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t r = begin; r < end; ++r) {
                                 const cpu::detail::RowVectors<T> x{p.x + r * p.columns, p.columns};
                                 const cpu::detail::ExponentialSum<T> total(x);
                                 T* const y = p.y + r * p.columns;
                                 const T log_sum = p.log ? math::log(total.sum) : T{0};
                                 x.each(T{0}, [&](std::size_t c, V v) {
                                     const V rest = v - total.largest;
                                     cpu::store_up_to(y + c, x.count(c),
                                                      p.log ? rest - log_sum : math::exp(rest) / total.sum);
                                 });
                             }
                         });
}

template <class T>
void launch(Cpu& device, const contracts::CrossEntropyParameters<T>& p) {
    // Losses are summed in chunks of rows; the chunks depend on `rows` alone.
    constexpr std::size_t most_chunks = 256;
    const std::size_t chunk = std::max<std::size_t>(1, (p.rows + most_chunks - 1) / most_chunks);
    std::array<double, most_chunks> sums = {};
    cpu::parallel_ranges(device.threads(), p.rows, chunk, cpu::detail::worthwhile_softmax_rows(p.columns),
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t r = begin; r < end; ++r) {
                                 const std::size_t row = r * p.columns;
                                 sums[r / chunk] += static_cast<double>(cpu::detail::cross_entropy_of_row<T>(
                                     {p.x + row, p.columns}, {p.targets + row, p.columns},
                                     p.gradient ? p.gradient + row : nullptr, static_cast<T>(p.scale)));
                             }
                         });
    double total = 0;
    for (const double sum : sums) total += sum;
    *p.value = static_cast<T>(p.scale * total);
}

}  // namespace gantry
