#pragma once
#include <gantry/math.hpp>
#include <gantry/ops/activation.hpp>
#include <gantry/ops/arithmetic.hpp>

#include <string_view>

namespace gantry {

// A loss is the mean of f(prediction, target) over all elements, and has two functors, f and its gradient,
// each one pass over memory. `scale` is 1 / elements.

/// *y = scale * sum of f(x...): nothing is stored in between.
template <class F>
struct MapMeanOp {
    static constexpr std::string_view name = F::name;
    [[no_unique_address]] F f;
    double scale;

    template <class V, class... In>
    void forward(const V& y, bool, const V& x, const In&... more) const {
        launch(*y.device,
               MapSumParameters<F, typename V::scalar, 1 + sizeof...(In)>{
                   f, x.size(), y.data, {x.data, more.data...}, {false, more.extents.rank == 0 ...}, scale});
    }
    template <class V, class... In>
    void vjp(const V& upstream, const V&, const In&... x) const {
        f.vjp_of_mean(upstream, scale, x...);
    }
};

/// upstream scale (sigmoid(x) - t), where upstream is a scalar.
struct BceWithLogitsGradient {
    static constexpr std::string_view name = "bce_with_logits_gradient";
    double scale;
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V upstream, V x, V t) const {
        return upstream * math::constant<V>(scale) * (math::sigmoid(x) - t);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& first, const V& x, const V& t) const {
        give(first, [&] { return scale * (upstream * (sigmoid(x) - t)); });
        give(x, [&] {
            const V s = sigmoid(x);
            return scale * (upstream * first * (s * (1.0 - s)));
        });
        give(t, [&] { return -scale * (upstream * first); });
    }
};

/// -(t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x))) = max(x, 0) - t x + log(1 + exp(-|x|)): finite for
/// every finite x.
struct BceWithLogits {
    static constexpr std::string_view name = "bce_with_logits";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x, V t) const {
        return math::max(x, math::constant<V>(0)) - t * x + math::softplus(-math::abs(x));
    }
    template <class V>
    void vjp_of_mean(const V& upstream, double scale, const V& x, const V& t) const {
        give(x, [&] { return elementwise(BceWithLogitsGradient{scale}, upstream, x, t); });
        give(t, [&] { return -scale * (upstream * x); });
    }
};

/// upstream scale 2 (x - t), where upstream is a scalar.
struct SquaredErrorGradient {
    static constexpr std::string_view name = "mse_gradient";
    double scale;
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V upstream, V x, V t) const {
        return upstream * math::constant<V>(2 * scale) * (x - t);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& first, const V& x, const V& t) const {
        give(first, [&] { return (2 * scale) * (upstream * (x - t)); });
        give(x, [&] { return (2 * scale) * (upstream * first); });
        give(t, [&] { return (-2 * scale) * (upstream * first); });
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
    void vjp_of_mean(const V& upstream, double scale, const V& x, const V& t) const {
        give(x, [&] { return elementwise(SquaredErrorGradient{scale}, upstream, x, t); });
        give(t, [&] { return elementwise(SquaredErrorGradient{-scale}, upstream, x, t); });
    }
};

namespace detail {
template <class F, AnyTensor X, AnyTensor Target>
auto mean_loss(const F& f, const X& x, const Target& target) {
    static_assert(std::is_same_v<typename X::shape, typename Target::shape> || Target::shape::rank == 0,
                  "gantry: a loss takes predictions and targets of one shape, or one target for all");
    const auto &x_value = x.value(), &t = target.value();
    if (t.extents.rank != 0 && t.extents != x_value.extents)
        fail(F::name, "there must be as many targets as predictions", t.extents, " and ", x_value.extents);
    return typed<Shape<>, X, Target>(
        run_op(MapMeanOp<F>{f, 1.0 / static_cast<double>(x_value.size())}, Extents{}, {}, x_value, t));
}
template <AnyTensor X>
auto same_target(const X& x, double target) {
    return filled<Shape<>, typename X::scalar>(*x.value().device, 0, target);
}
}  // namespace detail

/// Mean binary cross entropy of sigmoid(logits) against targets in [0, 1], of the same shape: -> Shape<>.
template <AnyTensor X, AnyTensor Target>
auto bce_with_logits(const X& logits, const Target& targets) {
    return detail::mean_loss(BceWithLogits{}, logits, targets);
}
/// The same against one target for all.
template <AnyTensor X>
auto bce_with_logits(const X& logits, double target) {
    return bce_with_logits(logits, detail::same_target(logits, target));
}

/// Mean squared difference: -> Shape<>.
template <AnyTensor X, AnyTensor Target>
auto mse(const X& predictions, const Target& targets) {
    return detail::mean_loss(SquaredError{}, predictions, targets);
}
/// The same against one target for all.
template <AnyTensor X>
auto mse(const X& predictions, double target) {
    return mse(predictions, detail::same_target(predictions, target));
}

}  // namespace gantry
