#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry {

/// y[r][c] = exp(x[r][c]) / sum over k of exp(x[r][k]), stable for any finite x.
template <class T>
struct SoftmaxParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    T* y = nullptr;
};

/// A loss with its derivative, in one pass, both stable for any finite x: *value = scale * sum over r and c
/// of targets[r][c] * (log(sum over k of exp(x[r][k])) - x[r][c]), summed in an order that depends on the
/// extents alone, and gradient[r][c] = scale * (softmax(x)[r][c] * sum over k of targets[r][k] -
/// targets[r][c]).
template <class T>
struct CrossEntropyParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    const T* targets = nullptr;
    T* value = nullptr;
    T* gradient = nullptr;  ///< (rows, columns), overwritten; null: only the value
    double scale = 1;
};

}  // namespace gantry
