#pragma once
#include <gantry/contracts/activation.hpp>

#include <cstddef>

namespace gantry {

/// Normalises each column of x (rows, columns) over its rows, training mode:
/// mean = sum(x) / rows, variance = sum((x - mean)^2) / rows, y = activation(scale (x - mean) / sqrt(variance
/// + epsilon) + shift). Running statistics follow PyTorch: running += momentum (batch - running), with the
/// unbiased variance (divided by rows - 1). Source: Ioffe and Szegedy, "Batch normalization" (2015),
/// algorithm 1. x - mean is computed as (x - rounded mean) - rest: where the mean is large, the difference
/// has the digits that x has, and its square may be larger than any T.
template <class T>
struct BatchNormParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    const T* scale = nullptr;       ///< (columns)
    const T* shift = nullptr;       ///< (columns)
    T* y = nullptr;                 ///< (rows, columns), overwritten
    T* mean = nullptr;              ///< (columns), overwritten
    T* rstd = nullptr;              ///< (columns), overwritten: 1 / sqrt(variance + epsilon)
    T* running_mean = nullptr;      ///< (columns), updated; null: no running statistics
    T* running_variance = nullptr;  ///< (columns), updated
    double epsilon = 1e-5, momentum = 0.1;
    Activation activation = {};  ///< identity or leaky_relu
    T* mean_rest = nullptr;      ///< (columns), overwritten: what rounding the mean to T has lost, or null
};

/// y = activation(scale (x - mean) / sqrt(variance + epsilon) + shift) with given statistics: evaluation
/// mode.
template <class T>
struct BatchNormEvaluationParameters {
    std::size_t rows = 0, columns = 0;
    const T *x = nullptr, *scale = nullptr, *shift = nullptr, *mean = nullptr, *variance = nullptr;
    T* y = nullptr;
    double epsilon = 1e-5;
    Activation activation = {};
};

/// The derivative of BatchNormParameters' y. Let d = upstream * activation'(y), n = (x - mean)
/// rstd: shift_gradient = sum of d over rows; scale_gradient = sum of d n over rows;
/// x_gradient = scale rstd (d - mean of d - n mean of (d n)).
/// Ioffe and Szegedy (2015), section 3, with the sums carried out.
template <class T>
struct BatchNormGradientParameters {
    std::size_t rows = 0, columns = 0;
    const T *upstream = nullptr, *x = nullptr, *scale = nullptr, *shift = nullptr, *mean = nullptr,
            *rstd = nullptr;
    T* x_gradient = nullptr;      ///< overwritten; null: not wanted
    T* scale_gradient = nullptr;  ///< overwritten or, with accumulate, added to; null: not wanted
    T* shift_gradient = nullptr;  ///< likewise
    bool accumulate = false;
    Activation activation = {};
    const T* mean_rest = nullptr;  ///< of BatchNormParameters; null: zeros
};

}  // namespace gantry
