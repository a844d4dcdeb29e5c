#pragma once
#include <gantry/contracts/activation.hpp>

#include <cstddef>

namespace gantry::contracts {

/// Batch normalisation of each column of x (rows, columns) over the rows, training mode:
///   mean     = sum(x) / rows
///   variance = sum((x - mean)^2) / rows
///   y        = activation(scale (x - mean) / sqrt(variance + epsilon) + shift)
/// Running statistics follow PyTorch: running += momentum (batch - running), with the unbiased variance
/// (divided by rows - 1).
/// Source: Ioffe and Szegedy, "Batch normalization" (2015), algorithm 1.
/// x - mean is computed as (x - mean rounded to Sum) - mean_rest, so that a large mean costs no accuracy.
/// (x - mean)^2 may exceed the range of T. Scalars: see Scalars.
template <class T, class Sum = T, class Parameter = T>
struct BatchNormParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    const Parameter* scale = nullptr;       ///< (columns)
    const Parameter* shift = nullptr;       ///< (columns)
    T* y = nullptr;                         ///< (rows, columns), overwritten
    Sum* mean = nullptr;                    ///< (columns), overwritten
    Sum* rstd = nullptr;                    ///< (columns), overwritten: 1 / sqrt(variance + epsilon)
    Parameter* running_mean = nullptr;      ///< (columns), updated; null: no running statistics
    Parameter* running_variance = nullptr;  ///< (columns), updated
    double epsilon = 1e-5, momentum = 0.1;
    Activation activation = {};  ///< identity or leaky_relu
    Sum* mean_rest = nullptr;    ///< (columns), overwritten: rounding error of `mean`; may be null
};

/// Evaluation mode: y = activation(scale (x - mean) / sqrt(variance + epsilon) + shift) with given statistics
/// (columns).
template <class T, class Parameter = T>
struct BatchNormEvaluationParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    const Parameter *scale = nullptr, *shift = nullptr, *mean = nullptr, *variance = nullptr;
    T* y = nullptr;  ///< (rows, columns), overwritten
    double epsilon = 1e-5;
    Activation activation = {};
};

/// Backward pass of BatchNormParameters. With d = upstream * activation'(y) and n = (x - mean) rstd:
///   shift_gradient = sum of d over rows
///   scale_gradient = sum of d n over rows
///   x_gradient     = scale rstd (d - mean of d - n mean of (d n))
/// Source: Ioffe and Szegedy (2015), section 3, simplified.
template <class T, class Sum = T, class Parameter = T>
struct BatchNormGradientParameters {
    std::size_t rows = 0, columns = 0;
    const T *upstream = nullptr, *x = nullptr;
    const Parameter *scale = nullptr, *shift = nullptr;
    const Sum *mean = nullptr, *rstd = nullptr;  ///< from BatchNormParameters
    T* x_gradient = nullptr;                     ///< (rows, columns), overwritten; null: not needed
    T* scale_gradient = nullptr;  ///< (columns), overwritten or, with accumulate, added to; null: not needed
    T* shift_gradient = nullptr;  ///< as scale_gradient
    bool accumulate = false;
    Activation activation = {};
    const Sum* mean_rest = nullptr;  ///< from BatchNormParameters; null: zero
};

}  // namespace gantry::contracts
