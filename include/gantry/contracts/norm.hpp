#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry {

/// *squares = sum of x[i]^2, in double, where the square of every float is a normal number; *norm = its root,
/// rounded to T. Summed in an order that depends on `size` alone.
template <class T>
struct NormParameters {
    std::size_t size = 0;
    const T* x = nullptr;
    double* squares = nullptr;
    T* norm = nullptr;
};

/// x[i] = min(1, max_norm / (sqrt(*squares) + 1e-6)) x[i], the factor in double: the norm may be larger than
/// any T.
template <class T>
struct ClipToNormParameters {
    std::size_t size = 0;
    T* x = nullptr;
    const double* squares = nullptr;
    double max_norm = 0;
};

}  // namespace gantry
