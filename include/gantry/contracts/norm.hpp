#pragma once
#include <gantry/core/compiler.hpp>
#include <gantry/core/math.hpp>

#include <cstddef>
#include <type_traits>

namespace gantry::contracts {

/// An L2 norm, as sqrt(sum of (scale x[i])^2) in double. The scale is a power of two that keeps the squares
/// in range: 1, except where squares of doubles would overflow or underflow.
struct ScaledNorm {
    double norm, scale;

    /// The scales: 1, one for large doubles and one for small ones. Squares of floats always fit into a
    /// double.
    template <class T>
    static constexpr int scales = std::is_same_v<T, double> ? 3 : 1;
    GANTRY_HOST_DEVICE static constexpr double scale_of(int index) {
        return index == 0 ? 1 : index == 1 ? 0x1p-600 : 0x1p600;
    }
    /// The index of the scale to use, from the sum of squares with a scale of 1.
    template <class T>
    GANTRY_HOST_DEVICE static constexpr int fitting_scale(double squares) {
        if (scales<T> == 1 || (squares > 0x1p-900 && squares < 0x1p1000)) return 0;
        return squares < 1 ? 2 : 1;
    }
    /// What clips x[i] if applied to scale x[i]: min(1, max_norm / (norm + 1e-6)) / scale, without scales.
    GANTRY_HOST_DEVICE double clip_factor(double max_norm) const {
        return math::min(max_norm / (norm + 1e-6 * scale), 1 / scale);
    }
};

/// L2 norm: *norm = sqrt(sum of x[i]^2), rounded to T; *scaled is the same in double, of any size. The order
/// of summation depends on `size` only.
template <class T>
struct NormParameters {
    std::size_t size = 0;
    const T* x = nullptr;
    ScaledNorm* scaled = nullptr;
    T* norm = nullptr;
};

/// Clips the norm: x[i] = min(1, max_norm / (norm + 1e-6)) x[i], computed in double, since the norm may
/// exceed the range of T.
template <class T>
struct ClipToNormParameters {
    std::size_t size = 0;
    T* x = nullptr;
    const ScaledNorm* scaled = nullptr;
    double max_norm = 0;
};

}  // namespace gantry::contracts
