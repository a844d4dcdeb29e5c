#pragma once
#include <gantry/core/math.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/simd.hpp>

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

/// math::Functions for CPU vectors: float in vector arithmetic, except for pow; double lane by lane.
namespace gantry::cpu::inline GANTRY_TARGET {

namespace detail {

template <class V, class F>
GANTRY_ALWAYS_INLINE inline V each_lane(V x, const F& f) {
    for (std::size_t i = 0; i < lanes<Element<V>>; ++i) x[i] = f(x[i]);
    return x;
}

template <class V>
inline V pow(V x, double exponent) {
    return each_lane(x, [exponent](Element<V> lane) { return math::pow(lane, exponent); });
}

/// Mask of the lanes in which x is NaN.
template <class V>
GANTRY_ALWAYS_INLINE inline auto is_nan(V x) {
#if __FINITE_MATH_ONLY__
    using T = Element<V>;
    using Integer = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    constexpr Integer infinity = std::bit_cast<Integer>(std::numeric_limits<T>::infinity());
    return (std::bit_cast<Vector<Integer>>(x) & std::numeric_limits<Integer>::max()) > infinity;
#else
    return x != x;
#endif
}

/// Square root of each lane, in one instruction. For std::sqrt in a loop, GCC emits one call per lane, since
/// sqrt sets errno for negative arguments.
template <class V>
GANTRY_ALWAYS_INLINE inline V sqrt(V x) {
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
    return __builtin_elementwise_sqrt(x);
#define GANTRY_SQRT_IS_DONE
#endif
#endif
#ifndef GANTRY_SQRT_IS_DONE
    constexpr bool single = sizeof(Element<V>) == 4;
#if defined(__AVX512F__)
    constexpr int current_rounding = 4;
    if constexpr (single)
        return __builtin_ia32_sqrtps512_mask(x, x, static_cast<short>(-1), current_rounding);
    else
        return __builtin_ia32_sqrtpd512_mask(x, x, static_cast<char>(-1), current_rounding);
#elif defined(__AVX__)
    if constexpr (single)
        return __builtin_ia32_sqrtps256(x);
    else
        return __builtin_ia32_sqrtpd256(x);
#elif defined(__SSE2__)
    if constexpr (single)
        return __builtin_ia32_sqrtps(x);
    else
        return __builtin_ia32_sqrtpd(x);
#else
    return each_lane(x, [](Element<V> lane) { return std::sqrt(lane); });
#endif
#endif
#undef GANTRY_SQRT_IS_DONE
}

/// exp and log for vectors of floats. The argument is reduced to a small interval and a power of 2 by
/// constants split into two parts; the products with the leading parts are exact. They also work under
/// -ffast-math: sums whose rounding matters are `evaluated`, and infinity and NaN are handled as integers.
struct FloatMath {
    using V = Vector<float>;
    using Int = Vector<std::int32_t>;

    static constexpr std::int32_t one_bits = 0x3f800000, mantissa_width = 23;
    static constexpr std::int32_t sign_bit = std::numeric_limits<std::int32_t>::min(),
                                  infinity_bits = 0x7f800000, nan_bits = 0x7fc00000;

    /// exp(x) = 2^power (1 + rest), |rest| <= sqrt(2) - 1, for |x| < 2^20.
    struct Parts {
        Int power;
        V rest;
    };
    GANTRY_ALWAYS_INLINE static Parts exp_parts(V x) {
        const Parts parts = reduced(x);
        return {parts.power, expm1_reduced(parts.rest)};
    }
    /// x = power log(2) + rest, |rest| <= log(2) / 2
    GANTRY_ALWAYS_INLINE static Parts reduced(V x) {
        const V rounder = splat(12582912.f);  // 1.5 * 2^23: adding it rounds to an integer
        const V rounded = evaluated(x * 1.44269504f + rounder), n = evaluated(rounded - rounder);
        return {std::bit_cast<Int>(rounded) - std::bit_cast<Int>(rounder),
                evaluated(x - n * 0.693145752f) - n * 1.42860677e-6f};
    }
    /// exp(r) - 1 for |r| <= 0.4
    GANTRY_ALWAYS_INLINE static V expm1_reduced(V r) {
        V q = r * 1.392625039e-3f + 8.363232948e-3f;  // (exp(r) - 1 - r) / r^2
        q = q * r + 4.166655242e-2f;
        q = q * r + 1.666657627e-1f;
        q = q * r + 0.5f;
        return q * (r * r) + r;
    }
    /// 2^n for -126 <= n <= 127
    GANTRY_ALWAYS_INLINE static V power_of_2(Int n) {
        return std::bit_cast<V>((n << mantissa_width) + one_bits);
    }
    GANTRY_ALWAYS_INLINE static V exp(V x) {
        // Clamped arguments still give 0 or infinity.
        const Parts parts = exp_parts(clamp(x, -104.f, 89.f));
        const Int half = parts.power >> 1;  // in two steps, so that 2^128 and subnormal results are correct
        const V y = evaluated((parts.rest + 1.f) * power_of_2(half));
        return nan_or(x, y * power_of_2(parts.power - half));
    }
    GANTRY_ALWAYS_INLINE static V expm1(V x) {
        const Parts parts = exp_parts(clamp(x, -20.f, 89.f));
        const V half = power_of_2(parts.power - 1);
        return nan_or(x, evaluated(parts.rest * half + evaluated(half - 0.5f)) * 2.f);
    }
    /// tanh(|x|) = e / (e + 2) with e = exp(2 |x|) - 1: no cancellation.
    GANTRY_ALWAYS_INLINE static V tanh(V x) {
        const Int sign = std::bit_cast<Int>(x) & sign_bit;
        const V size = clamp(abs(x), 0.f, 10.f);  // tanh(10) is 1 in float
        const Parts parts = exp_parts(size + size);
        const V power = power_of_2(parts.power), e = evaluated(parts.rest * power + evaluated(power - 1.f));
        return nan_or(x, std::bit_cast<V>(std::bit_cast<Int>(e / (e + 2.f)) | sign));
    }
    /// Phi(-z) = exp(-z^2 / 2) t q(t), t = 1 / (1 + 0.33 z), for z = |x|; the polynomial q was fitted with a
    /// relative error of 4e-8. z^2 is split into an exact square and a small rest, because exp magnifies
    /// rounding errors.
    GANTRY_ALWAYS_INLINE static V normal_cdf(V x) {
        const V z = clamp(abs(x), 0.f, 14.5f);  // Phi(-14.5) is 0 in float
        const V high = std::bit_cast<V>(std::bit_cast<Int>(z) & -4096), low = evaluated(z - high);
        Parts parts = reduced(high * high * -0.5f);
        parts.rest = expm1_reduced(parts.rest - 0.5f * low * (z + high));
        const V t = 1.f / (0.33f * z + 1.f);
        V q = t * -2.058701776e-2f + 1.220332757e-1f;
        q = q * t - 2.650830746e-1f;
        q = q * t + 2.223008722e-1f;
        q = q * t - 5.497587100e-2f;
        q = q * t + 1.211861297e-1f;
        q = q * t + 1.112201065e-1f;
        q = q * t + 1.322823316e-1f;
        q = q * t + 1.316232830e-1f;
        const Int half = parts.power >> 1;
        const V y =
            evaluated((parts.rest + 1.f) * (q * t) * power_of_2(half)) * power_of_2(parts.power - half);
        return nan_or(x, x > V{} ? 1.f - y : y);
    }
    GANTRY_ALWAYS_INLINE static V abs(V x) {
        return std::bit_cast<V>(std::bit_cast<Int>(x) & std::numeric_limits<std::int32_t>::max());
    }
    /// log(x) for normal, finite x > 0, with x = 2^e (1 + m), sqrt(1/2) <= 1 + m < sqrt(2). The polynomial is
    /// that of logf in Moshier's Cephes library.
    GANTRY_ALWAYS_INLINE static V log_normal(V x) {
        const Int bits = std::bit_cast<Int>(x), exponent = (bits - 0x3f3504f3) >> mantissa_width;
        const V m = std::bit_cast<V>(bits - (exponent << mantissa_width)) - 1.f, m2 = m * m;
        V p = m * 7.0376836292e-2f - 1.1514610310e-1f;
        p = p * m + 1.1676998740e-1f;
        p = p * m - 1.2420140846e-1f;
        p = p * m + 1.4249322787e-1f;
        p = p * m - 1.6668057665e-1f;
        p = p * m + 2.0000714765e-1f;
        p = p * m - 2.4999993993e-1f;
        p = p * m + 3.3333331174e-1f;
        const V e = __builtin_convertvector(exponent, V);
        return m + (p * m * m2 - 0.5f * m2 + e * -2.12194440e-4f) + e * 0.693359375f;
    }
    GANTRY_ALWAYS_INLINE static V log(V x) {
        const auto subnormal = x < splat(std::numeric_limits<float>::min());
        const V y = log_normal(subnormal ? x * 8388608.f : x) - (subnormal ? splat(15.9423852f) : V{});
        const Int bits = std::bit_cast<Int>(x);
        const Int finite = bits < infinity_bits ? std::bit_cast<Int>(evaluated(y)) : bits;
        const Int not_positive = (bits & ~sign_bit) == 0 ? splat(infinity_bits | sign_bit) : splat(nan_bits);
        return std::bit_cast<V>(bits > 0 ? finite : not_positive);
    }
    /// log(1 + x) for 0 <= x <= 1: log(u), u = 1 + x, plus a correction for the rounding of u.
    GANTRY_ALWAYS_INLINE static V log1p_unit(V x) {
        const V u = evaluated(x + 1.f);
        return log_normal(u) + (x - evaluated(u - 1.f)) / u;
    }

private:
    GANTRY_ALWAYS_INLINE static V evaluated(V x) { return math::evaluated(x); }
    GANTRY_ALWAYS_INLINE static V clamp(V x, float low, float high) {
        x = x > splat(high) ? splat(high) : x;  // NaN fails both comparisons
        return x < splat(low) ? splat(low) : x;
    }
    /// y, or NaN where x is NaN. Needed only if the compiler may have reversed the comparisons in clamp.
    GANTRY_ALWAYS_INLINE static V nan_or([[maybe_unused]] V x, V y) {
#if __FINITE_MATH_ONLY__
        return is_nan(x) ? x : evaluated(y);
#else
        return y;
#endif
    }
};

}  // namespace detail
}  // namespace gantry::cpu::inline GANTRY_TARGET

namespace gantry::math {

/// Maximum errors in ulp of the result: 2 for exp, expm1 and log, 4 for tanh and sigmoid, 8 for
/// normal_cdf (down to x = -13).
template <>
struct Functions<cpu::Vector<float>> : cpu::detail::FloatMath {
    GANTRY_ALWAYS_INLINE static V constant(double value) { return cpu::splat(static_cast<float>(value)); }
    GANTRY_ALWAYS_INLINE static auto is_nan(V x) { return cpu::detail::is_nan(x); }
    GANTRY_ALWAYS_INLINE static V sqrt(V x) { return cpu::detail::sqrt(x); }
    static V pow(V x, double exponent) { return cpu::detail::pow(x, exponent); }
};

template <>
struct Functions<cpu::Vector<double>> {
    using V = cpu::Vector<double>;
    using Number = Functions<double>;

    GANTRY_ALWAYS_INLINE static V constant(double value) { return cpu::splat(value); }
    GANTRY_ALWAYS_INLINE static auto is_nan(V x) { return cpu::detail::is_nan(x); }
    GANTRY_ALWAYS_INLINE static V sqrt(V x) { return cpu::detail::sqrt(x); }
    static V abs(V x) { return cpu::detail::each_lane(x, Number::abs); }
    static V pow(V x, double exponent) { return cpu::detail::pow(x, exponent); }
    static V exp(V x) { return cpu::detail::each_lane(x, Number::exp); }
    static V expm1(V x) { return cpu::detail::each_lane(x, Number::expm1); }
    static V log(V x) { return cpu::detail::each_lane(x, Number::log); }
    static V log1p_unit(V x) { return cpu::detail::each_lane(x, Number::log1p_unit); }
    static V tanh(V x) { return cpu::detail::each_lane(x, Number::tanh); }
    static V normal_cdf(V x) { return cpu::detail::each_lane(x, Number::normal_cdf); }
};

}  // namespace gantry::math
