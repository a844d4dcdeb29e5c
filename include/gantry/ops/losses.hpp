#pragma once
#include <gantry/contracts/loss.hpp>
#include <gantry/core/math.hpp>
#include <gantry/ops/activation.hpp>
#include <gantry/ops/arithmetic.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace gantry {

namespace ops {
/// Allocates the derivative of a loss with respect to x, in the step's memory; null if x requires no
/// gradient.
template <class T, class D>
T* gradient_destination(const TensorRef<T, D>& x) {
    const bool differentiated = x.node && x.live_device().tape().recording();
    return differentiated ? core::allocate<T>(*x.device, x.extents).data : nullptr;
}
/// Accumulates upstream * gradient for x. The multiplication is skipped if upstream is the seed of the pass,
/// which is 1.
template <class T, class D>
void accumulate_known_grad(const TensorRef<T, D>& upstream, const TensorRef<T, D>& x, T* gradient) {
    const TensorRef<T, D> known = x.of_step(gradient, nullptr);
    accumulate_grad(x, [&] { return upstream.data == x.device->tape().seed() ? known : upstream * known; });
}

// A loss is the mean of f(prediction, target) over all elements. Its functor computes f; `gradient`, the
// derivative of f with respect to the prediction, evaluated in the same pass; and `vjp_of_mean`, the
// derivatives of the mean by ops, for recorded passes and for targets that require a gradient.
// `scale` is 1 / elements.

/// The mean of functor F over all elements.
template <class F, class T>
struct LossOp {
    static constexpr std::string_view name = F::name;
    [[no_unique_address]] F f;
    double scale;
    T* gradient;  ///< with respect to the prediction, in the step's memory; null: not needed

    template <class V, class... Target>
    void forward(const V& y, bool, const V& x, const Target&... t) const {
        constexpr std::size_t inputs = 1 + sizeof...(t);
        const std::array<const T*, inputs> in{x.data, t.data...};
        const std::array<bool, inputs> scalar{false, t.extents.rank == 0 ...};
        if (gradient)
            launch(*y.device,
                   contracts::LossParameters<F, T, inputs>{f, x.size(), y.data, gradient, in, scalar, scale});
        else
            launch(*y.device, contracts::TransformReduceParameters<F, T, inputs>{f, x.size(), y.data, in,
                                                                                 scalar, scale});
    }
    template <class V, class... Target>
    void vjp(const V& upstream, const V& y, const V& x, const Target&... t) const {
        const bool only_prediction = (!requires_grad(t) && ...);
        if (gradient && only_prediction && !y.device->tape().recording())
            accumulate_known_grad(upstream, x, gradient);
        else
            f.vjp_of_mean(upstream, scale, x, t...);
    }
};

/// F with one constant target for all elements.
template <class F>
struct Against {
    static constexpr std::string_view name = F::name;
    [[no_unique_address]] F f;  ///< the loss
    double target;              ///< of every element

    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return f(x, math::constant<V>(target));
    }
    template <class V>
    GANTRY_HOST_DEVICE V gradient(V x) const {
        return f.gradient(x, math::constant<V>(target));
    }
    template <class V>
    void vjp_of_mean(const V& upstream, double scale, const V& x) const {
        f.vjp_of_mean(upstream, scale, x, filled<Shape<>, typename V::scalar>(*x.device, 0, target).value());
    }
};
/// sigmoid(x) - t, computed as (1 - t) - sigmoid(-x) for x > 0. Accurate for every x if t is 0 or 1, even
/// where sigmoid(x) rounds to 1.
template <class V>
GANTRY_HOST_DEVICE V sigmoid_minus(V x, V t) {
    const V zero = math::constant<V>(0), tail = math::sigmoid(-math::abs(x));
    return math::select(x > zero, (math::constant<V>(1) - t) - tail, tail - t);
}

/// upstream scale (sigmoid(x) - t), with a scalar upstream.
struct BceWithLogitsGradient {
    static constexpr std::string_view name = "bce_with_logits_gradient";
    double scale;  ///< 1 / elements
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V upstream, V x, V t) const {
        return upstream * math::constant<V>(scale) * sigmoid_minus(x, t);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& first, const V& x, const V& t) const {
        accumulate_grad(first, [&] { return elementwise(*this, upstream, x, t); });
        accumulate_grad(x, [&] { return scale * (upstream * first * (sigmoid(x) * sigmoid(-x))); });
        accumulate_grad(t, [&] { return -scale * (upstream * first); });
    }
};

/// -(t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x))), computed as max(x, 0) - t x + log(1 + exp(-|x|)),
/// which is finite for every finite x.
struct BceWithLogits {
    static constexpr std::string_view name = "bce_with_logits";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x, V t) const {
        return math::max(x, math::constant<V>(0)) - t * x + math::softplus(-math::abs(x));
    }
    template <class V>
    GANTRY_HOST_DEVICE V gradient(V x, V t) const {
        return sigmoid_minus(x, t);
    }
    template <class V>
    void vjp_of_mean(const V& upstream, double scale, const V& x, const V& t) const {
        accumulate_grad(x, [&] { return elementwise(BceWithLogitsGradient{scale}, upstream, x, t); });
        accumulate_grad(t, [&] { return -scale * (upstream * x); });
    }
};

/// upstream scale 2 (x - t), with a scalar upstream.
struct SquaredErrorGradient {
    static constexpr std::string_view name = "mse_gradient";
    double scale;  ///< 1 / elements
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V upstream, V x, V t) const {
        return upstream * math::constant<V>(2 * scale) * (x - t);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& first, const V& x, const V& t) const {
        accumulate_grad(first, [&] { return (2 * scale) * (upstream * (x - t)); });
        accumulate_grad(x, [&] { return (2 * scale) * (upstream * first); });
        accumulate_grad(t, [&] { return (-2 * scale) * (upstream * first); });
    }
};

/// (x - t)^2
struct SquaredError {
    static constexpr std::string_view name = "mse";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x, V t) const {
        const V difference = x - t;
        return difference * difference;
    }
    template <class V>
    GANTRY_HOST_DEVICE V gradient(V x, V t) const {
        return math::constant<V>(2) * (x - t);
    }
    template <class V>
    void vjp_of_mean(const V& upstream, double scale, const V& x, const V& t) const {
        accumulate_grad(x, [&] { return elementwise(SquaredErrorGradient{scale}, upstream, x, t); });
        accumulate_grad(t, [&] { return elementwise(SquaredErrorGradient{-scale}, upstream, x, t); });
    }
};
/// The mean of f(prediction, target...) over all elements.
template <class F, AnyTensor X, class... Target>
auto mean_of(const F& f, const X& predictions, const Target&... targets) {
    using T = typename X::scalar;
    const auto& x = predictions.value();
    const LossOp<F, T> op{f, 1.0 / static_cast<double>(x.size()), gradient_destination(x)};
    return core::typed<Shape<>, X, Target...>(run_op(op, core::Extents{}, {}, x, targets.value()...));
}
/// The mean of f over all elements. `target`: a tensor like x, or one number for all elements.
template <class F, AnyTensor X, class Target>
auto mean_loss(const F&, const X& x, const Target&) {
    static_assert(sizeof(Target) == 0,
                  "gantry: the targets of a loss must be a tensor or one value for all; for values on the "
                  "host, write from_host<Shape<...>>(device, batch, values)");
    return core::typed<Shape<>, X>(x.value());
}
template <class F, AnyTensor X, AnyTensor Target>
auto mean_loss(const F& f, const X& x, const Target& target) {
    static_assert(
        core::same_scalars<X, Target>,
        "gantry: the predictions and targets of a loss must have the same scalar type and device type");
    static_assert(core::same_shape<typename X::shape, typename Target::shape> || Target::shape::rank == 0,
                  "gantry: the predictions and targets of a loss must have the same shape, or the target "
                  "must be one value for all");
    if constexpr (!core::same_scalars<X, Target>) {
        return core::typed<Shape<>, X>(x.value());
    } else {
        const core::Extents &extents = x.value().extents, &t = target.value().extents;
        if (t.rank != 0 && t != extents)
            fail(F::name, "targets and predictions must have the same shape", t, " and ", extents);
        return mean_of(f, x, target);
    }
}
}  // namespace ops

/// Mean binary cross entropy of sigmoid(logits) and targets in [0, 1]:
///   mean of -(t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x))),
/// finite for every finite logit. Logits S and targets S (or a scalar tensor) -> Shape<>. Targets may require
/// a gradient. Errors: different batch sizes.
template <AnyTensor X, class Target>
    requires(!std::is_arithmetic_v<Target>)
auto bce_with_logits(const X& logits, const Target& targets) {
    return ops::mean_loss(ops::BceWithLogits{}, logits, targets);
}
/// The same with one constant target for all elements.
template <AnyTensor X>
auto bce_with_logits(const X& logits, double target) {
    return ops::mean_of(ops::Against<ops::BceWithLogits>{{}, target}, logits);
}

/// Mean squared error, mean of (x - t)^2: predictions S and targets S (or a scalar tensor) -> Shape<>.
/// Targets may require a gradient. Errors: different batch sizes.
template <AnyTensor X, class Target>
    requires(!std::is_arithmetic_v<Target>)
auto mse(const X& predictions, const Target& targets) {
    return ops::mean_loss(ops::SquaredError{}, predictions, targets);
}
/// The same with one constant target for all elements.
template <AnyTensor X>
auto mse(const X& predictions, double target) {
    return ops::mean_of(ops::Against<ops::SquaredError>{{}, target}, predictions);
}

}  // namespace gantry
