#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry::contracts {

/// Softmax of each row: y[r][c] = exp(x[r][c]) / sum over k of exp(x[r][k]) or, with `log`, its logarithm.
/// Stable for any finite x.
template <class T>
struct SoftmaxParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    T* y = nullptr;
    bool log = false;
};

/// Softmax cross entropy and its derivative with respect to x, in one pass, stable for any finite x:
///   *value         = scale * sum over r, c of targets[r][c] (log(sum over k of exp(x[r][k])) - x[r][c])
///   gradient[r][c] = scale * (softmax(x)[r][c] * sum over k of targets[r][k] - targets[r][c])
/// The order of summation depends on the extents only.
template <class T, class Sum = T>
struct CrossEntropyParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    const T* targets = nullptr;
    T* value = nullptr;
    T* gradient = nullptr;  ///< (rows, columns), overwritten; null: compute the value only
    double scale = 1;
};

}  // namespace gantry::contracts
