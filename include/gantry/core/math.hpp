#pragma once
#include <gantry/core/host_device.hpp>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

/// Functions for functors that are written once and run on numbers and on vectors of the CPU alike: in
/// `template <class V> GANTRY_HOST_DEVICE V operator()(V x) const`, V is float, double, or a cpu::Vector of
/// them. Constants are written `math::constant<V>(0.5)`, decisions `math::select(x > zero, a, b)`. NaN in
/// gives NaN out; infinite and huge arguments give the limits.
namespace gantry::math {

/// v, in a register: -ffast-math cannot see through it to what v was computed from. For sums and products
/// whose rounding is meant.
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

/// Whether x is finite, as std::isfinite, which is true of everything under -ffast-math.
template <std::floating_point T>
bool is_finite(T x) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr Bits infinity = std::bit_cast<Bits>(std::numeric_limits<T>::infinity());
    return (std::bit_cast<Bits>(x) & infinity) != infinity;
}

/// The functions of V that cannot be put together from others: specialised for numbers here, for vectors in
/// gantry/cpu/simd/math.hpp.
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
    GANTRY_HOST_DEVICE static constexpr T log(T x) { return std::log(x); }
    GANTRY_HOST_DEVICE static constexpr T log1p_unit(T x) { return std::log1p(x); }
    GANTRY_HOST_DEVICE static constexpr T tanh(T x) { return std::tanh(x); }
};

/// The number in every lane.
template <class V>
GANTRY_HOST_DEVICE constexpr V constant(double value) {
    return Functions<V>::constant(value);
}
/// a where `mask`, a comparison, holds, else b.
template <class Mask, class V>
GANTRY_HOST_DEVICE constexpr V select(Mask mask, V a, V b) {
    return mask ? a : b;
}
/// Whether x is NaN, under -ffast-math as well.
template <class V>
GANTRY_HOST_DEVICE constexpr auto is_nan(V x) {
    return Functions<V>::is_nan(x);
}
template <class V>
GANTRY_HOST_DEVICE constexpr V max(V a, V b) {
    return select((a > b) | is_nan(a), a, b);
}
template <class V>
GANTRY_HOST_DEVICE constexpr V min(V a, V b) {
    return select((a < b) | is_nan(a), a, b);
}
template <class V>
GANTRY_HOST_DEVICE constexpr V abs(V x) {
    return Functions<V>::abs(x);
}
template <class V>
GANTRY_HOST_DEVICE constexpr V sqrt(V x) {
    return Functions<V>::sqrt(x);
}
template <class V>
GANTRY_HOST_DEVICE constexpr V exp(V x) {
    return Functions<V>::exp(x);
}
/// exp(x) - 1, accurate near 0 too.
template <class V>
GANTRY_HOST_DEVICE constexpr V expm1(V x) {
    return Functions<V>::expm1(x);
}
template <class V>
GANTRY_HOST_DEVICE constexpr V log(V x) {
    return Functions<V>::log(x);
}
template <class V>
GANTRY_HOST_DEVICE constexpr V tanh(V x) {
    return Functions<V>::tanh(x);
}
/// 1 / (1 + exp(-x))
template <class V>
GANTRY_HOST_DEVICE constexpr V sigmoid(V x) {
    const V one = constant<V>(1);
    return one / (one + exp(-x));
}
/// log(1 + exp(x)), without overflow for large x, and accurate for very negative x too.
template <class V>
GANTRY_HOST_DEVICE constexpr V softplus(V x) {
    return max(x, constant<V>(0)) + Functions<V>::log1p_unit(exp(-abs(x)));
}

}  // namespace gantry::math
