#pragma once
#include <gantry/core/compiler.hpp>

#include <array>
#include <cstddef>

namespace gantry {

/// A loss with its derivative, in one pass: *value = scale * sum over i of f(in_0[i], in_1[i], ...), summed
/// in an order that depends on `size` alone, and gradient[i] = scale * f.gradient(in_0[i], in_1[i], ...), the
/// derivative by in_0[i]. Inputs marked `scalar` are one number for all i. `f`: see ElementwiseParameters.
template <class F, class T, std::size_t N>
struct LossParameters {
    F f;
    std::size_t size = 0;
    T* value = nullptr;
    T* gradient = nullptr;  ///< (size), overwritten
    std::array<const T*, N> in = {};
    std::array<bool, N> scalar = {};
    double scale = 1;
};

}  // namespace gantry
