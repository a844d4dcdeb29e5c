#pragma once
#include <cstddef>

namespace gantry {

/// y[r][c] = exp(x[r][c]) / sum over k of exp(x[r][k]), stable for any finite x.
template <class T>
struct SoftmaxParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    T* y = nullptr;
};

/// losses[r] = sum over c of targets[r][c] * (log(sum over k of exp(x[r][k])) - x[r][c]), stable for any
/// finite x.
template <class T>
struct CrossEntropyParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    const T* targets = nullptr;
    T* losses = nullptr;
};

}  // namespace gantry
