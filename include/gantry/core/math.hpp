#pragma once
#include <gantry/core/host_device.hpp>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

/// Math functions for functors that run on scalars and on CPU vectors alike: in
/// `template <class V> GANTRY_HOST_DEVICE V operator()(V x) const`, V is float, double or a cpu::Vector of
/// them. Write constants as `math::constant<V>(0.5)` and conditionals as `math::select(x > zero, a, b)`. NaN
/// propagates; infinite and very large arguments give the limits.
namespace gantry::math {

/// Returns v and hides how it was computed from the optimiser, so that -ffast-math does not reorder sums and
/// products whose rounding matters.
template <class V>
GANTRY_HOST_DEVICE inline __attribute__((always_inline)) V evaluated(V v) {
#if defined(__CUDA_ARCH__)
#elif defined(__AVX512F__)
    asm("" : "+v"(v));
#elif defined(__SSE2__)
    asm("" : "+x"(v));
#elif defined(__ARM_NEON)
    asm("" : "+w"(v));
#endif
    return v;
}

/// True if x is finite. Works under -ffast-math, where std::isfinite is always true.
template <std::floating_point T>
bool is_finite(T x) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr Bits infinity = std::bit_cast<Bits>(std::numeric_limits<T>::infinity());
    return (std::bit_cast<Bits>(x) & infinity) != infinity;
}

/// The primitive functions for type V, from which the others are built. Specialised for scalars here, for
/// vectors in gantry/cpu/simd/math.hpp.
template <class V>
struct Functions;

template <std::floating_point T>
struct Functions<T> {
    GANTRY_HOST_DEVICE static constexpr T constant(double value) { return static_cast<T>(value); }
#if __FINITE_MATH_ONLY__ && !defined(__CUDA_ARCH__)
    static constexpr bool is_nan(T x) {
        using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
        constexpr Bits infinity = std::bit_cast<Bits>(std::numeric_limits<T>::infinity());
        return (std::bit_cast<Bits>(x) & std::numeric_limits<Bits>::max() >> 1) > infinity;
    }
#else
    GANTRY_HOST_DEVICE static constexpr bool is_nan(T x) { return x != x; }
#endif
    GANTRY_HOST_DEVICE static constexpr T abs(T x) { return std::abs(x); }
    GANTRY_HOST_DEVICE static constexpr T sqrt(T x) { return std::sqrt(x); }
    GANTRY_HOST_DEVICE static constexpr T exp(T x) { return std::exp(x); }
    GANTRY_HOST_DEVICE static constexpr T expm1(T x) { return std::expm1(x); }
    GANTRY_HOST_DEVICE static constexpr T pow(T x, double exponent) {
        return std::pow(x, static_cast<T>(exponent));
    }
    GANTRY_HOST_DEVICE static constexpr T log(T x) { return std::log(x); }
    GANTRY_HOST_DEVICE static constexpr T log1p_unit(T x) { return std::log1p(x); }
    GANTRY_HOST_DEVICE static constexpr T tanh(T x) { return std::tanh(x); }
    GANTRY_HOST_DEVICE static T normal_cdf(T x) {
#if defined(__CUDA_ARCH__)
        if constexpr (sizeof(T) == sizeof(float))
            return ::normcdff(x);
        else
            return ::normcdf(x);
#else  // in double, since erfc magnifies the rounding error of its argument by its square
        return static_cast<T>(0.5 * std::erfc(-0.70710678118654752 * static_cast<double>(x)));
#endif
    }
};

/// The constant `value`, in every lane of a vector.
template <class V>
GANTRY_HOST_DEVICE constexpr V constant(double value) {
    return Functions<V>::constant(value);
}
/// mask ? a : b, per lane. `mask` is the result of a comparison.
template <class Mask, class V>
GANTRY_HOST_DEVICE constexpr V select(Mask mask, V a, V b) {
    return mask ? a : b;
}
/// True where x is NaN. Works under -ffast-math.
template <class V>
GANTRY_HOST_DEVICE constexpr auto is_nan(V x) {
    return Functions<V>::is_nan(x);
}
/// The larger of a and b; NaN if either is NaN.
template <class V>
GANTRY_HOST_DEVICE constexpr V max(V a, V b) {
    return select((a > b) | is_nan(a), a, b);
}
/// The smaller of a and b; NaN if either is NaN.
template <class V>
GANTRY_HOST_DEVICE constexpr V min(V a, V b) {
    return select((a < b) | is_nan(a), a, b);
}
/// True where x takes the place of the largest number so far: if it is larger, or the first NaN.
template <class V>
GANTRY_HOST_DEVICE constexpr auto replaces_largest(V x, V largest) {
    return (x > largest) | ((x != x) & (largest == largest));
}
/// |x|
template <class V>
GANTRY_HOST_DEVICE constexpr V abs(V x) {
    return Functions<V>::abs(x);
}
/// Square root of x, x >= 0.
template <class V>
GANTRY_HOST_DEVICE constexpr V sqrt(V x) {
    return Functions<V>::sqrt(x);
}
/// e^x
template <class V>
GANTRY_HOST_DEVICE constexpr V exp(V x) {
    return Functions<V>::exp(x);
}
/// x to the power of a constant; NaN for x < 0 unless the exponent is an integer.
template <class V>
GANTRY_HOST_DEVICE constexpr V pow(V x, double exponent) {
    return Functions<V>::pow(x, exponent);
}
/// exp(x) - 1, accurate near 0.
template <class V>
GANTRY_HOST_DEVICE constexpr V expm1(V x) {
    return Functions<V>::expm1(x);
}
/// Natural logarithm of x, x > 0.
template <class V>
GANTRY_HOST_DEVICE constexpr V log(V x) {
    return Functions<V>::log(x);
}
/// Hyperbolic tangent of x.
template <class V>
GANTRY_HOST_DEVICE constexpr V tanh(V x) {
    return Functions<V>::tanh(x);
}
/// Phi(x), the distribution function of the standard normal distribution: accurate for very negative x.
template <class V>
GANTRY_HOST_DEVICE inline V normal_cdf(V x) {
    return Functions<V>::normal_cdf(x);
}
/// 1 / (1 + exp(-x))
template <class V>
GANTRY_HOST_DEVICE constexpr V sigmoid(V x) {
    const V one = constant<V>(1);
    return one / (one + exp(-x));
}
/// log(1 + exp(x)), without overflow for large x and accurate for very negative x.
template <class V>
GANTRY_HOST_DEVICE constexpr V softplus(V x) {
    return max(x, constant<V>(0)) + Functions<V>::log1p_unit(exp(-abs(x)));
}

}  // namespace gantry::math
