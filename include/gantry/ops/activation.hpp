#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/core/math.hpp>
#include <gantry/ops/arithmetic.hpp>

#include <string_view>

namespace gantry {

// clang-format off
// Activations compute their derivative from the result y = f(x) where that is accurate. An activation that is
// fused into a matmul or a convolution then needs only y for its backward pass. `parameter`: slope or alpha.
//
//   leaky_relu  f(x) = x > 0 ? x : slope x              f' = y > 0 ? 1 : slope       (slope >= 0; 0: ReLU)
//   softplus    f(x) = log(1 + exp(x))                  f' = 1 - exp(-y), computed as -expm1(-y)
//   sigmoid     f(x) = 1 / (1 + exp(-x))                f' = y (1 - y)
//   tanh        f(x) = tanh(x)                          f' = 1 - y^2
//   elu         f(x) = x > 0 ? x : alpha (exp(x) - 1)   f' = x > 0 ? 1 : alpha exp(x)
//
// sigmoid and tanh saturate as in PyTorch: f' is 0 where |y| rounds to 1 (in float, x > 17 for sigmoid and
// |x| > 9 for tanh).
// elu computes its derivative from x: below x = -17, y rounds to -alpha while f' is still positive.
// Source of elu: Clevert et al. 2016, equations 15 and 16.
// clang-format on

/// upstream * f'(x) in one fused pass, computed from y = f(x) or from x (see derives_from_result).
template <ActivationKind kind>
struct ActivationGradient {
    static constexpr std::string_view name = "activation_gradient";
    double parameter = 0;  ///< slope or alpha

    template <class V>
    GANTRY_HOST_DEVICE V operator()(V upstream, V y) const {  // elu: y holds x
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

/// 0 where y > 0, else 1. A step function: its derivative is 0.
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

/// The activation f(x).
template <ActivationKind kind>
struct ActivationFunction {
    static constexpr std::string_view name = "activation";
    double parameter = 0;  ///< slope or alpha

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

/// ReLU, max(x, 0), elementwise: S -> S.
template <AnyTensor X>
auto relu(const X& x) {
    return elementwise(ActivationFunction<ActivationKind::leaky_relu>{0}, x);
}
/// Leaky ReLU, x > 0 ? x : slope x, elementwise: S -> S. Errors: slope is negative or NaN.
template <AnyTensor X>
auto leaky_relu(const X& x, double slope) {
    if (math::is_nan(slope) || slope < 0) fail("leaky_relu", "the negative slope must be at least 0", slope);
    return elementwise(ActivationFunction<ActivationKind::leaky_relu>{slope}, x);
}
/// ELU, x > 0 ? x : alpha (exp(x) - 1), elementwise: S -> S. Errors: alpha is not positive.
/// Source: Clevert et al. (2016).
template <AnyTensor X>
auto elu(const X& x, double alpha = 1) {
    if (math::is_nan(alpha) || alpha <= 0) fail("elu", "alpha must be positive", alpha);
    return elementwise(ActivationFunction<ActivationKind::elu>{alpha}, x);
}
/// Softplus, log(1 + exp(x)), elementwise: S -> S. Does not overflow for large x.
template <AnyTensor X>
auto softplus(const X& x) {
    return elementwise(ActivationFunction<ActivationKind::softplus>{}, x);
}
/// Logistic sigmoid, 1 / (1 + exp(-x)), elementwise: S -> S.
template <AnyTensor X>
auto sigmoid(const X& x) {
    return elementwise(ActivationFunction<ActivationKind::sigmoid>{}, x);
}
/// Hyperbolic tangent, elementwise: S -> S.
template <AnyTensor X>
auto tanh(const X& x) {
    return elementwise(ActivationFunction<ActivationKind::tanh>{}, x);
}

}  // namespace gantry
