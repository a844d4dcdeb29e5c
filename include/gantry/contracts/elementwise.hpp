#pragma once
#include <gantry/core/compiler.hpp>

#include <array>
#include <cstddef>

namespace gantry {

/// out[i] = f(in_0[i], in_1[i], ...). An input may be `out` itself. Inputs marked `scalar` are one number for
/// all i. `f` takes and returns scalars or vectors of them (see math.hpp): one functor for every device.
template <class F, class T, std::size_t N>
struct ElementwiseParameters {
    F f;
    std::size_t size = 0;
    T* out = nullptr;
    std::array<const T*, N> in = {};
    std::array<bool, N> scalar = {};
};

/// *out = scale * sum over i of f(in_0[i], in_1[i], ...), summed in an order that depends on `size` alone.
template <class F, class T, std::size_t N>
struct MapSumParameters {
    F f;
    std::size_t size = 0;
    T* out = nullptr;
    std::array<const T*, N> in = {};
    std::array<bool, N> scalar = {};
    double scale = 1;
};

}  // namespace gantry
