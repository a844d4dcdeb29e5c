#pragma once
#include <gantry/core/compiler.hpp>

#include <array>
#include <cstddef>

namespace gantry::contracts {

/// A loss and its derivative with respect to in_0, in one pass:
///   *value      = scale * sum over i of f(in_0[i], in_1[i], ...)
///   gradient[i] = scale * f.gradient(in_0[i], in_1[i], ...)
/// The order of summation depends on `size` only. Inputs marked `scalar` are a single value, broadcast to all
/// i. `f`: see ElementwiseParameters.
template <class F, class T, std::size_t N, class Sum = T>
struct LossParameters {
    F f;
    std::size_t size = 0;
    T* value = nullptr;
    T* gradient = nullptr;  ///< (size), overwritten
    std::array<const T*, N> in = {};
    std::array<bool, N> scalar = {};
    double scale = 1;
};

}  // namespace gantry::contracts
