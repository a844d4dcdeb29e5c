#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry {

/// L2 norm: *squares = sum of x[i]^2, in double, where the square of a float neither overflows nor
/// underflows; *norm = sqrt(*squares), rounded to T. The order of summation depends on `size` only.
template <class T>
struct NormParameters {
    std::size_t size = 0;
    const T* x = nullptr;
    double* squares = nullptr;
    T* norm = nullptr;
};

/// Clips the norm: x[i] = min(1, max_norm / (sqrt(*squares) + 1e-6)) x[i]. The factor is computed in double,
/// since the norm may exceed the range of T.
template <class T>
struct ClipToNormParameters {
    std::size_t size = 0;
    T* x = nullptr;
    const double* squares = nullptr;
    double max_norm = 0;
};

}  // namespace gantry
