#pragma once
#include <gantry/contracts/batch_norm.hpp>
#include <gantry/contracts/copy.hpp>
#include <gantry/core/scalars.hpp>
#include <gantry/ops/activation.hpp>
#include <gantry/ops/sum.hpp>

#include <cmath>
#include <string_view>
#include <utility>

namespace gantry {

/// Options of batch normalisation, in PyTorch's conventions.
struct BatchNormOptions {
    double epsilon = 1e-5;  ///< added to the variance
    double momentum = 0.1;  ///< weight of the batch in the update of the running statistics
    bool affine = true;     ///< layers only: learn a scale and a shift per feature
};

namespace ops {
/// The input as a matrix: a row per sample (and pixel), a column per feature (channel).
template <class Sum>
struct BatchNormExtents {
    std::size_t rows, columns;  ///< samples (times pixels); features

    /// scale * sum over the rows, with the extents of `like`.
    template <class V>
    V sum_rows(const V& x, const V& like, double scale = 1) const {
        return run_op(SumOp<Sum>{rows, columns, contracts::Axis::rows, scale}, like.extents, {}, x);
    }
    /// Mean over the rows, with the extents of `like`.
    template <class V>
    V mean_rows(const V& x, const V& like) const {
        return sum_rows(x, like, 1.0 / static_cast<double>(rows));
    }
    /// x repeated for each row, with the extents of `like`.
    template <class V>
    V repeat_rows(const V& x, const V& like) const {
        return run_op(BroadcastOp<Sum>{rows, columns, contracts::Axis::rows}, like.extents, {}, x);
    }
};

/// Training mode. Forward and backward are one fused kernel each. If the backward pass is recorded, the same
/// derivative is computed by ops, which can be differentiated any number of times.
template <contracts::ActivationKind kind, class Sum, class T, class D>
struct BatchNormOp {
    static constexpr std::string_view name = "batch_norm";
    BatchNormExtents<Sum> matrix;
    BatchNormOptions options;
    double parameter;              // of the activation: slope
    Sum *mean, *mean_rest, *rstd;  // statistics of the batch, in the step's memory
    T *running_mean, *running_variance;

    template <class V>
    void forward(const V& y, bool, const V& x, const V& scale, const V& shift) const {
        contracts::BatchNormParameters<T, Sum> p;
        p.rows = matrix.rows;
        p.columns = matrix.columns;
        p.x = x.data;
        p.scale = scale.data;
        p.shift = shift.data;
        p.y = y.data;
        p.mean = mean;
        p.mean_rest = mean_rest;
        p.rstd = rstd;
        p.running_mean = running_mean;
        p.running_variance = running_variance;
        p.epsilon = options.epsilon;
        p.momentum = options.momentum;
        p.activation = {kind, parameter};
        launch(*y.device, p);
        core::Tape& tape = y.device->tape();
        tape.statistics_overwritten(running_mean, running_mean + matrix.columns);
        tape.statistics_overwritten(running_variance, running_variance + matrix.columns);
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x, const V& scale, const V& shift) const {
        if (y.device->tape().recording())
            vjp_in_ops(upstream, y, x, scale, shift);
        else
            vjp_fused(upstream, x, scale, shift);
    }

private:
    template <class V>
    void vjp_fused(const V& upstream, const V& x, const V& scale, const V& shift) const {
        D& device = *x.device;
        const V x_gradient = core::allocate<T>(device, x.extents);
        // One kernel writes both gradients: either both to the network's gradient buffer or both to the
        // step's memory.
        V scale_gradient = scale, shift_gradient = shift;
        const Destination<T> scale_into = destination_of(scale), shift_into = destination_of(shift);
        const bool direct =
            scale_into.data && shift_into.data && scale_into.accumulate == shift_into.accumulate;
        scale_gradient.data = direct ? scale_into.data : core::allocate<T>(device, scale.extents).data;
        shift_gradient.data = direct ? shift_into.data : core::allocate<T>(device, shift.extents).data;
        scale_gradient.node = shift_gradient.node = nullptr;
        contracts::BatchNormGradientParameters<T, Sum> p;
        p.rows = matrix.rows;
        p.columns = matrix.columns;
        p.upstream = upstream.data;
        p.x = x.data;
        p.scale = scale.data;
        p.shift = shift.data;
        p.mean = mean;
        p.mean_rest = mean_rest;
        p.rstd = rstd;
        p.x_gradient = requires_grad(x) ? x_gradient.data : nullptr;
        p.scale_gradient = scale_gradient.data;
        p.shift_gradient = shift_gradient.data;
        p.accumulate = direct && scale_into.accumulate;
        p.activation = {kind, parameter};
        launch(device, p);
        accumulate_grad(x, [&] { return x_gradient; });
        const auto hand_over = [&](const V& to, const V& gradient) {
            if (direct)
                accumulate_grad(to, [&](Destination<T>) { return gradient; });  // already written
            else
                accumulate_grad(to, [&] { return gradient; });
        };
        hand_over(scale, scale_gradient);
        hand_over(shift, shift_gradient);
    }
    template <class V>
    void vjp_in_ops(const V& upstream, const V& y, const V& x, const V& scale, const V& shift) const {
        V d = upstream;  // dL/d(scale n + shift)
        if constexpr (kind != contracts::ActivationKind::identity)
            d = elementwise(ActivationGradient<kind>{parameter}, upstream, y);
        const auto without_mean = [&](const V& v) {
            return v - matrix.repeat_rows(matrix.mean_rows(v, scale), x);
        };
        // Divided by the standard deviation as a constant before it is squared, so that neither the square
        // nor its derivatives overflow or underflow. The mean is removed twice, for the rounding error of a
        // large one.
        const V constant = scale.of_step(rstd_like(scale), nullptr);
        const V centred = without_mean(without_mean(x)) * matrix.repeat_rows(constant, x);
        const V epsilon = square(std::sqrt(options.epsilon) * constant);
        const V correction = inverse_sqrt(matrix.mean_rows(square(centred), scale) + epsilon);  // 1, rounded
        const V inverse = constant * correction;
        const V n = centred * matrix.repeat_rows(correction, x);
        accumulate_grad(x, [&] {
            const V mean_d = matrix.repeat_rows(matrix.mean_rows(d, scale), x);
            const V mean_dn = matrix.repeat_rows(matrix.mean_rows(d * n, scale), x);
            return matrix.repeat_rows(scale * inverse, x) * (d - mean_d - n * mean_dn);
        });
        accumulate_grad(scale, [&] { return matrix.sum_rows(d * n, scale); });
        accumulate_grad(shift, [&] { return matrix.sum_rows(d, shift); });
    }
    /// rstd, rounded to T.
    template <class V>
    T* rstd_like(const V& scale) const {
        if constexpr (std::is_same_v<T, Sum>) {
            return rstd;
        } else {
            const std::size_t n = matrix.columns;
            T* const rounded = core::allocate<T>(*scale.device, scale.extents).data;
            launch(*scale.device, contracts::CopyBlockParameters<T, Sum>{1, n, rstd, n, rounded, n});
            return rounded;
        }
    }
};

/// Evaluation mode: normalises with given, constant statistics.
template <contracts::ActivationKind kind, class Sum>
struct BatchNormEvaluationOp {
    static constexpr std::string_view name = "batch_norm_evaluation";
    BatchNormExtents<Sum> matrix;
    double epsilon, parameter;

    template <class V>
    void forward(const V& y, bool, const V& x, const V& scale, const V& shift, const V& mean,
                 const V& variance) const {
        using T = typename V::scalar;
        launch(*y.device, contracts::BatchNormEvaluationParameters<T>{matrix.rows,
                                                                      matrix.columns,
                                                                      x.data,
                                                                      scale.data,
                                                                      shift.data,
                                                                      mean.data,
                                                                      variance.data,
                                                                      y.data,
                                                                      epsilon,
                                                                      {kind, parameter}});
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x, const V& scale, const V& shift, const V& mean,
             const V& variance) const {
        V d = upstream;
        if constexpr (kind != contracts::ActivationKind::identity)
            d = elementwise(ActivationGradient<kind>{parameter}, upstream, y);
        const V inverse = inverse_sqrt(variance + epsilon);
        accumulate_grad(x, [&] { return d * matrix.repeat_rows(scale * inverse, x); });
        accumulate_grad(
            scale, [&] { return inverse * matrix.sum_rows(d * (x - matrix.repeat_rows(mean, x)), scale); });
        accumulate_grad(shift, [&] { return matrix.sum_rows(d, shift); });
    }
};
/// The extents of a batch norm of x. Errors: its shape does not fit a Feature per channel (compile time).
template <class Sum, class X, class Feature>
BatchNormExtents<core::SumOf<Sum, typename X::scalar>> batch_norm_extents(const X& x) {
    static_assert(
        X::shape::batched && Feature::shape::rank == 1,
        "gantry: batch norm takes a shape with Batch, and a scale and a shift of shape Shape<features>");
    static_assert(
        broadcast_kind(X::shape::extents(Batch), Feature::shape::extents(Batch)) == Broadcast::trailing,
        "gantry: batch norm takes one scale and one shift per feature: the last extent of its input");
    constexpr std::size_t columns = Feature::shape::sample_size;
    return {x.value().size() / columns, columns};
}
/// A scale of 1 and a shift of 0 per feature, as constants without gradient.
template <class X, class Feature>
auto unit_scale_and_no_shift(const X& x) {
    using S = typename Feature::shape;
    using T = typename X::scalar;
    auto& device = x.value().live_device();
    return std::pair{filled<S, T>(device, 0, 1), filled<S, T>(device, 0, 0)};
}
}  // namespace ops

/// Batch normalisation, training mode:
///   y = f(scale (x - mean) / sqrt(variance + epsilon) + shift),
/// with the mean and variance per feature over the batch (and pixels). Updates the running statistics.
/// x: Shape<Batch, ..., N>; the others: Shape<N>; -> shape of x.
/// f: identity, or leaky_relu with slope `parameter`. Sum: see Scalars; void: the scalar of x.
/// Errors: fewer than two values per feature.
/// Source: Ioffe and Szegedy, "Batch normalization" (2015), algorithm 1.
template <contracts::ActivationKind kind = contracts::ActivationKind::identity, class Sum = void, AnyTensor X,
          AnyTensor Scale, AnyTensor Shift, AnyTensor Running>
auto batch_norm(const X& x, const Scale& scale, const Shift& shift, const Running& running_mean,
                const Running& running_variance, BatchNormOptions options = {}, double parameter = 0) {
    using T = typename X::scalar;
    using D = typename X::device_type;
    const auto matrix = ops::batch_norm_extents<Sum, X, Scale>(x);
    if (matrix.rows < 2)
        fail("batch_norm", "training requires more than one value per feature", "a batch of ", matrix.rows);
    D& device = x.value().live_device();
    using S = core::SumOf<Sum, T>;
    const auto statistics = [&] { return core::allocate<S>(device, scale.value().extents).data; };
    const ops::BatchNormOp<kind, S, T, D> op{
        matrix,       options,      parameter,           statistics(),
        statistics(), statistics(), running_mean.data(), running_variance.data()};
    return core::typed<typename X::shape, X, Scale, Shift>(
        ops::run_op(op, x.value().extents, {}, x.value(), scale.value(), shift.value()));
}

/// Without scale and shift: y = f((x - mean) / sqrt(variance + epsilon)).
template <contracts::ActivationKind kind = contracts::ActivationKind::identity, class Sum = void, AnyTensor X,
          AnyTensor Running>
auto batch_norm(const X& x, const Running& running_mean, const Running& running_variance,
                BatchNormOptions options = {}, double parameter = 0) {
    const auto [one, zero] = ops::unit_scale_and_no_shift<X, Running>(x);
    return batch_norm<kind, Sum>(x, one, zero, running_mean, running_variance, options, parameter);
}

/// Batch normalisation, evaluation mode: as batch_norm, with the given statistics instead of those of the
/// batch. Updates nothing.
template <contracts::ActivationKind kind = contracts::ActivationKind::identity, class Sum = void, AnyTensor X,
          AnyTensor Scale, AnyTensor Shift, AnyTensor Running>
auto batch_norm_evaluation(const X& x, const Scale& scale, const Shift& shift, const Running& mean,
                           const Running& variance, BatchNormOptions options = {}, double parameter = 0) {
    const auto matrix = ops::batch_norm_extents<Sum, X, Scale>(x);
    const ops::BatchNormEvaluationOp<kind, core::SumOf<Sum, typename X::scalar>> op{matrix, options.epsilon,
                                                                                    parameter};
    return core::typed<typename X::shape, X, Scale, Shift>(
        ops::run_op(op, x.value().extents, {}, x.value(), scale.value(), shift.value(), detach(mean).value(),
                    detach(variance).value()));
}

/// Evaluation mode without scale and shift: y = f((x - mean) / sqrt(variance + epsilon)).
template <contracts::ActivationKind kind = contracts::ActivationKind::identity, class Sum = void, AnyTensor X,
          AnyTensor Running>
auto batch_norm_evaluation(const X& x, const Running& mean, const Running& variance,
                           BatchNormOptions options = {}, double parameter = 0) {
    const auto [one, zero] = ops::unit_scale_and_no_shift<X, Running>(x);
    return batch_norm_evaluation<kind, Sum>(x, one, zero, mean, variance, options, parameter);
}

}  // namespace gantry
