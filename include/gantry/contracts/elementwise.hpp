#pragma once
#include <gantry/core/compiler.hpp>

#include <array>
#include <cstddef>

namespace gantry::contracts {

/// Elementwise map: out[i] = f(in_0[i], in_1[i], ...). An input may alias `out`. Inputs marked `scalar` are a
/// single value, broadcast to all i. `f` takes and returns scalars or vectors of them (see math.hpp), so one
/// functor serves every device.
template <class F, class T, std::size_t N>
struct ElementwiseParameters {
    F f;
    std::size_t size = 0;
    T* out = nullptr;
    std::array<const T*, N> in = {};
    std::array<bool, N> scalar = {};
};

/// Transform-reduce: *out = scale * sum over i of f(in_0[i], in_1[i], ...). The order of summation depends on
/// `size` only, so results are reproducible.
template <class F, class T, std::size_t N, class Sum = T>
struct TransformReduceParameters {
    F f;
    std::size_t size = 0;
    T* out = nullptr;
    std::array<const T*, N> in = {};
    std::array<bool, N> scalar = {};
    double scale = 1;
};

}  // namespace gantry::contracts
