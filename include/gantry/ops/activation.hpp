#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/core/math.hpp>
#include <gantry/ops/arithmetic.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace gantry {

namespace contracts {
/// All activations. To add one, add its name here, its formula, a function at the end of this file, and a
/// layer in layers/activations.hpp. Kernels, fusion and derivatives follow from the formula.
enum class ActivationKind : int { identity, leaky_relu, elu, softplus, sigmoid, tanh, gelu, silu };
}  // namespace contracts

namespace ops {
/// Number of activations.
inline constexpr int activation_count = static_cast<int>(contracts::ActivationKind::silu) + 1;

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

// clang-format off
// The formula of an activation, ActivationFormula<kind>. p: slope or alpha.
//
//   static constexpr std::string_view name       That of the kind.
//   static constexpr bool from_result            derivative takes the result y = f(x), not x. An activation that
//                                                is fused into a product then needs only y for its backward
//                                                pass. Only where that is accurate.
//   static constexpr bool simple_derivative      derivative is a few additions and multiplications: a kernel may
//                                                compute it in its inner loop.
//   V value(V x, double p)                       f(x). V: a scalar or a vector of scalars; see core/math.hpp.
//   V derivative(V y, double p)                  f'(x).
//   X second(const X& v, const X& y, double p)   v times the derivative of `derivative` by its argument, from
//                                                ops, so it can be differentiated again. Not declared: 0.
// clang-format on
template <contracts::ActivationKind kind>
struct ActivationFormula;

/// upstream * f'(x) in one fused pass, computed from y = f(x) or from x: see ActivationFormula::from_result.
template <contracts::ActivationKind kind>
struct ActivationGradient {
    static constexpr std::string_view name = "activation_gradient";
    double parameter = 0;

    template <class V>
    GANTRY_HOST_DEVICE V operator()(V upstream, V y) const {
        return upstream * ActivationFormula<kind>::derivative(y, parameter);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& first, const V& y) const {
        accumulate_grad(first, [&] { return elementwise(*this, upstream, y); });
        if constexpr (requires { ActivationFormula<kind>::second(y, y, parameter); })
            accumulate_grad(y,
                            [&] { return ActivationFormula<kind>::second(upstream * first, y, parameter); });
    }
};

template <>
struct ActivationFormula<contracts::ActivationKind::identity> {
    static constexpr std::string_view name = "identity";
    static constexpr bool from_result = true, simple_derivative = true;
    template <class V>
    GANTRY_HOST_DEVICE static V value(V x, double) {
        return x;
    }
    template <class V>
    GANTRY_HOST_DEVICE static V derivative(V, double) {
        return math::constant<V>(1);
    }
};

/// x > 0 ? x : slope x, slope >= 0; ReLU has slope 0.
template <>
struct ActivationFormula<contracts::ActivationKind::leaky_relu> {
    static constexpr std::string_view name = "leaky_relu";
    static constexpr bool from_result = true, simple_derivative = true;
    template <class V>
    GANTRY_HOST_DEVICE static V value(V x, double slope) {
        return math::select(x > math::constant<V>(0), x, x * math::constant<V>(slope));
    }
    template <class V>
    GANTRY_HOST_DEVICE static V derivative(V y, double slope) {
        return math::select(y > math::constant<V>(0), math::constant<V>(1), math::constant<V>(slope));
    }
};

/// x > 0 ? x : alpha (exp(x) - 1); f' = x > 0 ? 1 : alpha exp(x). Below x = -17, y is rounded to -alpha while
/// f' is still positive, so f' is computed from x. Source: Clevert et al. (2016), equations 15 and 16.
template <>
struct ActivationFormula<contracts::ActivationKind::elu> {
    static constexpr std::string_view name = "elu";
    static constexpr bool from_result = false, simple_derivative = false;
    template <class V>
    GANTRY_HOST_DEVICE static V value(V x, double alpha) {
        return math::select(x > math::constant<V>(0), x, math::constant<V>(alpha) * math::expm1(x));
    }
    template <class V>
    GANTRY_HOST_DEVICE static V derivative(V x, double alpha) {
        return math::select(x > math::constant<V>(0), math::constant<V>(1),
                            math::constant<V>(alpha) * math::exp(x));
    }
    template <class X>
    static X second(const X& v, const X& x, double alpha) {  // f'' = x > 0 ? 0 : f'
        return elementwise(ActivationGradient<contracts::ActivationKind::elu>{alpha}, v, x) *
               elementwise(NotPositive{}, x);
    }
};

/// log(1 + exp(x)); f' = 1 - exp(-y).
template <>
struct ActivationFormula<contracts::ActivationKind::softplus> {
    static constexpr std::string_view name = "softplus";
    static constexpr bool from_result = true, simple_derivative = false;
    template <class V>
    GANTRY_HOST_DEVICE static V value(V x, double) {
        return math::softplus(x);
    }
    template <class V>
    GANTRY_HOST_DEVICE static V derivative(V y, double) {
        return -math::expm1(-y);
    }
    template <class X>
    static X second(const X& v, const X& y, double) {
        return v * exp(-y);
    }
};

/// 1 / (1 + exp(-x)); f' = y (1 - y). Saturates as in PyTorch: f' is 0 where y rounds to 1 (in float, for
/// x > 17).
template <>
struct ActivationFormula<contracts::ActivationKind::sigmoid> {
    static constexpr std::string_view name = "sigmoid";
    static constexpr bool from_result = true, simple_derivative = true;
    template <class V>
    GANTRY_HOST_DEVICE static V value(V x, double) {
        return math::sigmoid(x);
    }
    template <class V>
    GANTRY_HOST_DEVICE static V derivative(V y, double) {
        return y * (math::constant<V>(1) - y);
    }
    template <class X>
    static X second(const X& v, const X& y, double) {
        return v * (1.0 - 2.0 * y);
    }
};

/// tanh(x); f' = 1 - y^2. Saturates as in PyTorch: f' is 0 where |y| rounds to 1 (in float, |x| > 9).
template <>
struct ActivationFormula<contracts::ActivationKind::tanh> {
    static constexpr std::string_view name = "tanh";
    static constexpr bool from_result = true, simple_derivative = true;
    template <class V>
    GANTRY_HOST_DEVICE static V value(V x, double) {
        return math::tanh(x);
    }
    template <class V>
    GANTRY_HOST_DEVICE static V derivative(V y, double) {
        return math::constant<V>(1) - y * y;
    }
    template <class X>
    static X second(const X& v, const X& y, double) {
        return -2.0 * (v * y);
    }
};

/// x Phi(x), Phi the distribution function of the standard normal distribution; f' = Phi(x) + x phi(x),
/// f'' = (2 - x^2) phi(x). Source: Hendrycks and Gimpel, "Gaussian error linear units (GELUs)" (2016),
/// section 2.
template <>
struct ActivationFormula<contracts::ActivationKind::gelu> {
    static constexpr std::string_view name = "gelu";
    static constexpr bool from_result = false, simple_derivative = false;
    static constexpr double density_at_zero = 0.39894228040143268;  // 1 / sqrt(2 pi)
    static constexpr double tail = 40;  // Phi(-40) is 0 in double; avoids infinity times 0
    template <class V>
    GANTRY_HOST_DEVICE static V value(V x, double) {
        x = math::max(x, math::constant<V>(-tail));
        return x * math::normal_cdf(x);
    }
    template <class V>
    GANTRY_HOST_DEVICE static V derivative(V x, double) {
        x = math::min(math::max(x, math::constant<V>(-tail)), math::constant<V>(tail));
        const V density = math::constant<V>(density_at_zero) * math::exp(math::constant<V>(-0.5) * (x * x));
        return math::normal_cdf(x) + x * density;
    }
    template <class X>
    static X second(const X& v, const X& x, double) {  // no x^2 phi(x), which is infinity times 0 for large x
        const X density = density_at_zero * exp(-0.5 * square(x));
        return v * (2.0 * density - x * (x * density));
    }
};

/// x s(x), s the logistic sigmoid; f' = s(x) (1 + x (1 - s(x))). Also known as Swish. Source: Elfwing, Uchibe
/// and Doya, "Sigmoid-weighted linear units for neural network function approximation in reinforcement
/// learning" (2018), equations 7 and 8.
template <>
struct ActivationFormula<contracts::ActivationKind::silu> {
    static constexpr std::string_view name = "silu";
    static constexpr bool from_result = false, simple_derivative = false;
    static constexpr double tail = 800;  // s(-800) is 0 in double; avoids infinity times 0
    template <class V>
    GANTRY_HOST_DEVICE static V value(V x, double) {
        x = math::max(x, math::constant<V>(-tail));
        return x * math::sigmoid(x);
    }
    template <class V>
    GANTRY_HOST_DEVICE static V derivative(V x, double) {
        x = math::min(math::max(x, math::constant<V>(-tail)), math::constant<V>(tail));
        const V one = math::constant<V>(1), s = math::sigmoid(x);
        return s * (one + x * (one - s));
    }
    template <class X>
    static X second(const X& v, const X& x, double) {
        const X s = sigmoid(x);
        return v * (s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s)));
    }
};

/// The activation f(x).
template <contracts::ActivationKind kind>
struct ActivationFunction {
    static constexpr std::string_view name = "activation";
    double parameter = 0;

    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return ActivationFormula<kind>::value(x, parameter);
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const {
        const V& from = ActivationFormula<kind>::from_result ? y : x;
        accumulate_grad(x, [&] { return elementwise(ActivationGradient<kind>{parameter}, upstream, from); });
    }
};

/// Calls f(std::integral_constant<ActivationKind, kind>{}): makes a kind that is known at run time a
/// constant.
template <class F>
constexpr void visit_activation(contracts::ActivationKind kind, const F& f) {
    [&]<int... i>(std::integer_sequence<int, i...>) {
        (void)((kind == contracts::ActivationKind{i} &&
                (f(std::integral_constant<contracts::ActivationKind, contracts::ActivationKind{i}>{}),
                 true)) ||
               ...);
    }(std::make_integer_sequence<int, activation_count>{});
}
/// True if a kernel can multiply by f' while it reads a gradient: f' is simple and computed from y = f(x).
constexpr bool fuses_into_backward(contracts::ActivationKind kind) {
    bool result = false;
    visit_activation(kind, [&](auto k) {
        using Formula = ActivationFormula<k.value>;
        result = Formula::from_result && Formula::simple_derivative;
    });
    return result;
}
}  // namespace ops

/// ReLU, max(x, 0), elementwise: S -> S.
template <AnyTensor X>
auto relu(const X& x) {
    return elementwise(ops::ActivationFunction<contracts::ActivationKind::leaky_relu>{0}, x);
}
/// Leaky ReLU, x > 0 ? x : slope x, elementwise: S -> S. Errors: slope is negative or NaN.
template <AnyTensor X>
auto leaky_relu(const X& x, double slope) {
    if (math::is_nan(slope) || slope < 0) fail("leaky_relu", "the negative slope must be at least 0", slope);
    return elementwise(ops::ActivationFunction<contracts::ActivationKind::leaky_relu>{slope}, x);
}
/// ELU, x > 0 ? x : alpha (exp(x) - 1), elementwise: S -> S. Errors: alpha is not positive.
/// Source: Clevert et al. (2016).
template <AnyTensor X>
auto elu(const X& x, double alpha = 1) {
    if (math::is_nan(alpha) || alpha <= 0) fail("elu", "alpha must be positive", alpha);
    return elementwise(ops::ActivationFunction<contracts::ActivationKind::elu>{alpha}, x);
}
/// Softplus, log(1 + exp(x)), elementwise: S -> S. Does not overflow for large x.
template <AnyTensor X>
auto softplus(const X& x) {
    return elementwise(ops::ActivationFunction<contracts::ActivationKind::softplus>{}, x);
}
/// Logistic sigmoid, 1 / (1 + exp(-x)), elementwise: S -> S.
template <AnyTensor X>
auto sigmoid(const X& x) {
    return elementwise(ops::ActivationFunction<contracts::ActivationKind::sigmoid>{}, x);
}
/// Hyperbolic tangent, elementwise: S -> S.
template <AnyTensor X>
auto tanh(const X& x) {
    return elementwise(ops::ActivationFunction<contracts::ActivationKind::tanh>{}, x);
}
/// GELU, x Phi(x), elementwise: S -> S. Exact, as PyTorch's default (approximate = "none").
/// Source: Hendrycks and Gimpel (2016).
template <AnyTensor X>
auto gelu(const X& x) {
    return elementwise(ops::ActivationFunction<contracts::ActivationKind::gelu>{}, x);
}
/// SiLU (Swish), x / (1 + exp(-x)), elementwise: S -> S. Source: Elfwing et al. (2018).
template <AnyTensor X>
auto silu(const X& x) {
    return elementwise(ops::ActivationFunction<contracts::ActivationKind::silu>{}, x);
}

}  // namespace gantry
