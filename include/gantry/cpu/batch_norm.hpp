#pragma once
#include <gantry/contracts/batch_norm.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/column_reduction.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/sum.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>
#include <gantry/ops/activation.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// Mean of x - origin and sum of (x - mean)^2 per column. Two passes over each block, which stays in the L1
/// cache; blocks are merged by Chan's formula (Chan, Golub, LeVeque: "Updating formulae and a pairwise
/// algorithm for computing sample variances", 1979, eq. 2.1). So a large mean does not cost the variance
/// precision.
template <class T>
struct MomentsOfColumn {
    static constexpr std::size_t results = 2;
    const T *x, *origin;

    template <std::size_t vectors, class Read>
    void block(Read read, std::size_t first, std::size_t column, std::size_t rows, std::size_t width,
               std::array<Vector<T>, 2> (&out)[vectors]) const {
        Vector<T> center[vectors], mean[vectors] = {}, squares[vectors] = {};
        for (std::size_t v = 0; v < vectors; ++v) center[v] = load(origin + column + v * lanes<T>);
        for (std::size_t r = 0; r < rows; ++r)
            static_for<vectors>([&](auto v) GANTRY_ALWAYS_INLINE {
                mean[v] += read(x, first + r * width + v * lanes<T>) - center[v];
            });
        for (std::size_t v = 0; v < vectors; ++v) mean[v] /= splat(static_cast<T>(rows));
        for (std::size_t r = 0; r < rows; ++r)
            static_for<vectors>([&](auto v) GANTRY_ALWAYS_INLINE {
                const Vector<T> centered =
                    math::evaluated(read(x, first + r * width + v * lanes<T>) - center[v]);
                const Vector<T> distance = centered - mean[v];
                squares[v] += distance * distance;
            });
        for (std::size_t v = 0; v < vectors; ++v) out[v] = {mean[v], squares[v]};
    }
    template <class V>
    static void merge(std::array<V, 2>& a, std::size_t rows_a, const std::array<V, 2>& b,
                      std::size_t rows_b) {
        if (rows_b == 0) return;
        const double share = static_cast<double>(rows_b) / static_cast<double>(rows_a + rows_b);
        const V distance = b[0] - a[0];
        a[0] += distance * math::constant<V>(share);
        a[1] += b[1] + distance * distance * math::constant<V>(share * static_cast<double>(rows_a));
    }
};

/// Negative slope of the fused activation: y where y > 0, else slope y.
inline double slope_of(const contracts::Activation& a) {
    return a.kind == contracts::ActivationKind::leaky_relu ? a.parameter : 1;
}

/// A mean rounded to T, and the rounding error.
template <class T>
struct SplitMean {
    T mean, rest;
    explicit SplitMean(double exact)
        : mean(math::evaluated(static_cast<T>(exact))),
          rest(static_cast<T>(exact - static_cast<double>(mean))) {}
};

/// Mean and sum of (x - mean)^2 of a column, in double: for squares that overflow or underflow in T.
template <class T>
std::array<double, 2> moments_in_double(const T* x, std::size_t rows, std::size_t columns) {
    const double mean = sum_in_double(x, rows, columns) / static_cast<double>(rows);
    double squares = 0;
    for (std::size_t r = 0; r < rows; ++r) {
        const double distance = static_cast<double>(x[r * columns]) - mean;
        squares += distance * distance;
    }
    return {mean, squares};
}

/// y = activation(factor (x - mean) + shift). The arrays are repeated (see ColumnReduction::repeat).
template <class T>
struct Normalization {
    using V = Vector<T>;
    const T *mean, *mean_rest, *factor, *shift;
    double slope;

    GANTRY_ALWAYS_INLINE V centered(V x, std::size_t column) const {
        return math::evaluated(x - load(mean + column)) - load(mean_rest + column);
    }
    GANTRY_ALWAYS_INLINE V pre_activation(V x, std::size_t column) const {
        return centered(x, column) * load(factor + column) + load(shift + column);
    }
    void run(const Cpu& device, std::size_t rows, std::size_t columns, const T* x, T* y) const {
        vector_loop<T, 1, 1>(
            device, rows * columns, {{{x}}}, {y},
            [this, columns](std::size_t begin, std::size_t vectors, const auto& in, const auto& out) {
                const Normalization normal = *this;
                const V zero = {}, below_zero = math::constant<V>(slope);
                auto column = ColumnPhase::of<T>(begin, columns);
                const T* from = in[0].data;
                T* to = out[0];
                for (std::size_t v = 0; v < vectors; ++v, column.next()) {
                    const V z = normal.pre_activation(load(from + v * lanes<T>), column());
                    store(to + v * lanes<T>, math::select(z > zero, z, z * below_zero));
                }
            });
    }
};

/// Per column, the sums of d and of d (x - mean), where d = upstream activation'(y).
template <class T>
struct BatchNormGradientSums {
    static constexpr std::size_t results = 2;
    using V = Vector<T>;
    const T *x, *upstream;
    Normalization<T> normal;

    GANTRY_ALWAYS_INLINE static V through_activation(V upstream, V z, V slope) {
        return math::select(z > V{}, upstream, upstream * slope);
    }
    template <std::size_t vectors, class Read>
    void block(Read read, std::size_t first, std::size_t column, std::size_t rows, std::size_t width,
               std::array<V, 2> (&out)[vectors]) const {
        const V slope = math::constant<V>(normal.slope);
        static_for<vectors>([&](auto v) GANTRY_ALWAYS_INLINE {
            out[v] = {};
            const std::size_t c = column + v * lanes<T>;
            const V factor = load(normal.factor + c), shift = load(normal.shift + c);
            V sum = {}, product_sum = {};
            for (std::size_t r = 0, i = first + v * lanes<T>; r < rows; ++r, i += width) {
                const V centered = normal.centered(read(x, i), c);
                const V d = through_activation(read(upstream, i), centered * factor + shift, slope);
                sum += d;
                product_sum += d * centered;
            }
            out[v] = {sum, product_sum};
        });
    }
    template <class W>
    static void merge(std::array<W, 2>& a, std::size_t, const std::array<W, 2>& b, std::size_t) {
        a[0] += b[0];
        a[1] += b[1];
    }
};

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::BatchNormParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const cpu::ColumnReduction<T> columns(p.rows, p.columns);
    const std::size_t length = columns.repeated_length();
    T* const memory = cpu::scratch<T>(columns.memory(2) + 4 * length);
    T *const mean = memory + columns.memory(2), *const mean_rest = mean + length,
             *const factor = mean_rest + length, *const shift = factor + length;

    columns.repeat(p.x, mean);  // the first row is near enough to the mean to keep its digits
    const auto [means, squares] =
        columns.reduce(device.threads(), memory, cpu::detail::MomentsOfColumn<T>{p.x, mean});

    const double rows = static_cast<double>(p.rows), unbiased = rows / std::max(1.0, rows - 1);
    for (std::size_t c = 0; c < p.columns; ++c) {
        double exact_mean = static_cast<double>(mean[c]) + static_cast<double>(means[c]);
        double variance = static_cast<double>(squares[c]) / rows;
        if (!math::is_finite(variance) || variance + p.epsilon < 1e-30) {
            const auto [m, s] = cpu::detail::moments_in_double(p.x + c, p.rows, p.columns);
            exact_mean = m;
            variance = s / rows;
        }
        const cpu::detail::SplitMean<T> split(exact_mean);
        p.mean[c] = mean[c] = split.mean;
        mean_rest[c] = split.rest;
        if (p.mean_rest) p.mean_rest[c] = split.rest;
        p.rstd[c] = static_cast<T>(1 / std::sqrt(variance + p.epsilon));
        factor[c] = p.scale[c] * p.rstd[c];
        shift[c] = p.shift[c];
        if (!p.running_mean) continue;
        const auto move = [&](T& running, double batch) {
            running = static_cast<T>(static_cast<double>(running) +
                                     p.momentum * (batch - static_cast<double>(running)));
        };
        move(p.running_mean[c], exact_mean);
        move(p.running_variance[c], unbiased * variance);
    }
    for (T* array : {mean, mean_rest, factor, shift}) columns.repeat(array, array);
    cpu::detail::Normalization<T>{mean, mean_rest, factor, shift, cpu::detail::slope_of(p.activation)}.run(
        device, p.rows, p.columns, p.x, p.y);
}

template <class T>
void launch(Cpu& device, const contracts::BatchNormEvaluationParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const cpu::ColumnReduction<T> columns(p.rows, p.columns);
    const std::size_t length = columns.repeated_length();
    T *const mean = cpu::scratch<T>(4 * length), *const mean_rest = mean + length,
             *const factor = mean_rest + length, *const shift = factor + length;
    std::fill_n(mean_rest, length, T{0});
    for (std::size_t c = 0; c < p.columns; ++c)
        factor[c] = p.scale[c] / std::sqrt(p.variance[c] + static_cast<T>(p.epsilon));
    columns.repeat(p.mean, mean);
    columns.repeat(factor, factor);
    columns.repeat(p.shift, shift);
    cpu::detail::Normalization<T>{mean, mean_rest, factor, shift, cpu::detail::slope_of(p.activation)}.run(
        device, p.rows, p.columns, p.x, p.y);
}

template <class T>
void launch(Cpu& device, const contracts::BatchNormGradientParameters<T>& p) {
    using namespace cpu;
    using V = Vector<T>;
    if (p.rows == 0 || p.columns == 0) return;
    const ColumnReduction<T> columns(p.rows, p.columns);
    const std::size_t length = columns.repeated_length();
    T* const memory = scratch<T>(columns.memory(2) + 7 * length);
    T *const mean = memory + columns.memory(2), *const mean_rest = mean + length,
             *const factor = mean_rest + length, *const shift = factor + length,
             *const inverse = shift + length, *const constant = inverse + length,
             *const linear = constant + length;
    for (std::size_t c = 0; c < p.columns; ++c) factor[c] = p.scale[c] * p.rstd[c];
    columns.repeat(p.mean, mean);
    if (p.mean_rest)
        columns.repeat(p.mean_rest, mean_rest);
    else
        std::fill_n(mean_rest, length, T{0});
    columns.repeat(p.rstd, inverse);
    columns.repeat(factor, factor);
    columns.repeat(p.shift, shift);
    const cpu::detail::Normalization<T> normal{mean, mean_rest, factor, shift,
                                               cpu::detail::slope_of(p.activation)};
    const auto [sums, product_sums] = columns.reduce(
        device.threads(), memory, cpu::detail::BatchNormGradientSums<T>{p.x, p.upstream, normal});

    // x_gradient = factor (d - constant - linear n), where n = (x - mean) rstd
    const T row_count = static_cast<T>(p.rows);
    for (std::size_t c = 0; c < p.columns; ++c) {
        const T scale_gradient = product_sums[c] * p.rstd[c];
        if (p.scale_gradient)
            p.scale_gradient[c] = scale_gradient + (p.accumulate ? p.scale_gradient[c] : T{0});
        if (p.shift_gradient) p.shift_gradient[c] = sums[c] + (p.accumulate ? p.shift_gradient[c] : T{0});
        constant[c] = sums[c] / row_count;
        linear[c] = scale_gradient / row_count;
    }
    if (!p.x_gradient) return;
    columns.repeat(constant, constant);
    columns.repeat(linear, linear);
    vector_loop<T, 2, 1>(
        device, p.rows * p.columns, {{{p.x}, {p.upstream}}}, {p.x_gradient},
        [=, count = p.columns](std::size_t begin, std::size_t vectors, const auto& in, const auto& out) {
            const cpu::detail::Normalization<T> local = normal;
            const T *const inverses = inverse, *const constants = constant, *const linears = linear;
            const V slope = math::constant<V>(local.slope);
            auto column = ColumnPhase::of<T>(begin, count);
            const T *const x = in[0].data, *const upstream = in[1].data;
            T* const x_gradient = out[0];
            for (std::size_t v = 0; v < vectors; ++v, column.next()) {
                const std::size_t c = column(), i = v * lanes<T>;
                const V centered = local.centered(load(x + i), c), a = load(local.factor + c);
                const V d = cpu::detail::BatchNormGradientSums<T>::through_activation(
                    load(upstream + i), centered * a + load(local.shift + c), slope);
                store(x_gradient + i,
                      a * (d - (load(linears + c) * (centered * load(inverses + c)) + load(constants + c))));
            }
        });
}

}  // namespace gantry
