#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/core/math.hpp>
#include <gantry/ops/arithmetic.hpp>

#include <string_view>

namespace gantry {

// clang-format off
// Activations take their derivative from their result y, so that one which a product applied in its epilogue
// needs nothing else. With f the activation and parameter its slope or alpha:
//   leaky_relu  f(x) = x > 0 ? x : slope x              f' = y > 0 ? 1 : slope       (slope >= 0; 0: ReLU)
//   softplus    f(x) = log(1 + exp(x))                  f' = 1 - exp(-y), that is -expm1(-y)
//   sigmoid     f(x) = 1 / (1 + exp(-x))                f' = y (1 - y)
//   tanh                                                f' = 1 - y^2
// sigmoid and tanh saturate, as in PyTorch: where y is rounded to 1 (x > 17 and |x| > 9 in float), f' is 0.
// Only elu takes its derivative from x: y is rounded to -alpha below -17, where f' still is a number.
//   elu         f(x) = x > 0 ? x : alpha (exp(x) - 1)   f' = x > 0 ? 1 : alpha exp(x)    Clevert et al. 2016, eq. 15, 16
// clang-format on

/// upstream * f'(x), from y = f(x), or from x (see derives_from_result): one fused pass.
template <ActivationKind kind>
struct ActivationGradient {
    static constexpr std::string_view name = "activation_gradient";
    double parameter = 0;

    template <class V>
    GANTRY_HOST_DEVICE V operator()(V upstream, V y) const {  // elu: y is x
        const V zero = math::constant<V>(0), one = math::constant<V>(1);
        if constexpr (kind == ActivationKind::leaky_relu)
            return math::select(y > zero, upstream, upstream * math::constant<V>(parameter));
        else if constexpr (kind == ActivationKind::elu)
            return math::select(y > zero, upstream, upstream * (math::constant<V>(parameter) * math::exp(y)));
        else if constexpr (kind == ActivationKind::softplus)
            return upstream * -math::expm1(-y);
        else if constexpr (kind == ActivationKind::sigmoid)
            return upstream * (y * (one - y));
        else
            return upstream * (one - y * y);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& first, const V& y) const;
};

/// 0 where y > 0, else 1. A step: its derivative is 0 wherever it has one.
struct NotPositive {
    static constexpr std::string_view name = "not_positive";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V y) const {
        return math::select(y > math::constant<V>(0), math::constant<V>(0), math::constant<V>(1));
    }
    template <class V>
    void vjp(const V&, const V&, const V&) const {}
};

template <ActivationKind kind>
template <class V>
void ActivationGradient<kind>::vjp(const V& upstream, const V&, const V& first, const V& y) const {
    accumulate_grad(first, [&] { return elementwise(*this, upstream, y); });
    if constexpr (kind == ActivationKind::elu)  // f'' = x > 0 ? 0 : f'
        accumulate_grad(
            y, [&] { return elementwise(*this, upstream * first, y) * elementwise(NotPositive{}, y); });
    if constexpr (kind == ActivationKind::softplus)
        accumulate_grad(y, [&] { return upstream * first * exp(-y); });
    if constexpr (kind == ActivationKind::sigmoid)
        accumulate_grad(y, [&] { return upstream * first * (1.0 - 2.0 * y); });
    if constexpr (kind == ActivationKind::tanh)
        accumulate_grad(y, [&] { return -2.0 * (upstream * first * y); });
}

/// f(x)
template <ActivationKind kind>
struct ActivationFunction {
    static constexpr std::string_view name = "activation";
    double parameter = 0;

    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        const V zero = math::constant<V>(0);
        if constexpr (kind == ActivationKind::leaky_relu)
            return math::select(x > zero, x, x * math::constant<V>(parameter));
        else if constexpr (kind == ActivationKind::elu)
            return math::select(x > zero, x, math::constant<V>(parameter) * math::expm1(x));
        else if constexpr (kind == ActivationKind::softplus)
            return math::softplus(x);
        else if constexpr (kind == ActivationKind::sigmoid)
            return math::sigmoid(x);
        else
            return math::tanh(x);
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const {
        const V& from = derives_from_result(kind) ? y : x;
        accumulate_grad(x, [&] { return elementwise(ActivationGradient<kind>{parameter}, upstream, from); });
    }
};

template <AnyTensor X>
auto relu(const X& x) {
    return elementwise(ActivationFunction<ActivationKind::leaky_relu>{0}, x);
}
/// slope >= 0
template <AnyTensor X>
auto leaky_relu(const X& x, double slope) {
    if (math::is_nan(slope) || slope < 0)
        fail("leaky_relu", "the slope below zero must not be negative", slope);
    return elementwise(ActivationFunction<ActivationKind::leaky_relu>{slope}, x);
}
/// alpha > 0
template <AnyTensor X>
auto elu(const X& x, double alpha = 1) {
    if (math::is_nan(alpha) || alpha <= 0) fail("elu", "alpha must be positive", alpha);
    return elementwise(ActivationFunction<ActivationKind::elu>{alpha}, x);
}
template <AnyTensor X>
auto softplus(const X& x) {
    return elementwise(ActivationFunction<ActivationKind::softplus>{}, x);
}
template <AnyTensor X>
auto sigmoid(const X& x) {
    return elementwise(ActivationFunction<ActivationKind::sigmoid>{}, x);
}
template <AnyTensor X>
auto tanh(const X& x) {
    return elementwise(ActivationFunction<ActivationKind::tanh>{}, x);
}

}  // namespace gantry
