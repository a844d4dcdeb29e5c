#pragma once
#include <gantry/core/math.hpp>

#include <cstddef>

namespace gantry::core {

/// A number that counts the operations on it instead of computing, for formulas that take any scalar. Its
/// value is 1, so that comparisons choose the same branches each time. Comparisons do not count; they
/// are int, since formulas combine them with | and &.
struct CountedNumber {
    /// Operations of this thread so far.
    static inline thread_local std::size_t operations = 0;

    CountedNumber() = default;
    CountedNumber(double) {}  // NOLINT: constants convert

    static CountedNumber count() {
        ++operations;
        return {};
    }
    friend CountedNumber operator+(CountedNumber, CountedNumber) { return count(); }
    friend CountedNumber operator-(CountedNumber, CountedNumber) { return count(); }
    friend CountedNumber operator*(CountedNumber, CountedNumber) { return count(); }
    friend CountedNumber operator/(CountedNumber, CountedNumber) { return count(); }
    CountedNumber operator-() const { return count(); }
    friend int operator<(CountedNumber, CountedNumber) { return 0; }
    friend int operator>(CountedNumber, CountedNumber) { return 0; }
    friend int operator==(CountedNumber, CountedNumber) { return 1; }
    friend int operator!=(CountedNumber, CountedNumber) { return 0; }
};

}  // namespace gantry::core

namespace gantry::math {

template <>
struct Functions<core::CountedNumber> {
    using V = core::CountedNumber;
    static V constant(double value) { return value; }
    static int is_nan(V) { return 0; }
    static V abs(V) { return V::count(); }
    static V sqrt(V) { return V::count(); }
    static V exp(V) { return V::count(); }
    static V expm1(V) { return V::count(); }
    static V pow(V, double) { return V::count(); }
    static V log(V) { return V::count(); }
    static V log1p_unit(V) { return V::count(); }
    static V tanh(V) { return V::count(); }
    static V normal_cdf(V) { return V::count(); }
};

}  // namespace gantry::math
