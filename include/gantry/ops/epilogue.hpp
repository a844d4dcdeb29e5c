#pragma once
#include <gantry/ops/activation.hpp>
#include <gantry/ops/sum.hpp>

namespace gantry::detail {

// What a product or a convolution does to its result before it stores it: f(result + bias), where the last
// extent of the result is that of the bias. f: an activation, or identity.

/// Asks a kernel for it. Parameters: a struct with `bias` and `activation`.
template <class Parameters, class... Bias>
void set_epilogue(Parameters& p, Activation activation, const Bias&... bias) {
    static_assert(sizeof...(Bias) <= 1, "there is one bias, or none");
    ((p.bias = bias.data), ...);
    p.activation = activation;
}

/// The activation that a product applies itself: `kind`, or none.
template <ActivationKind kind>
inline constexpr ActivationKind fused_kind = derives_from_result(kind) ? kind : ActivationKind::identity;

/// A product's result with what it has not applied of `kind`.
template <ActivationKind kind, class X>
auto apply_rest(double parameter, const X& product) {
    if constexpr (derives_from_result(kind))
        return product;
    else
        return elementwise(ActivationFunction<kind>{parameter}, product);
}

/// The gradient of what the activation was applied to, from the result y of the activation.
template <ActivationKind kind, class V>
V before_activation(double parameter, const V& upstream, const V& y) {
    static_assert(derives_from_result(kind));
    if constexpr (kind == ActivationKind::identity)
        return upstream;
    else
        return elementwise(ActivationGradient<kind>{parameter}, upstream, y);
}

/// The gradient of the bias, from that of what it was added to.
template <class V>
void give_bias(const V& bias, const V& upstream) {
    const auto columns = bias.size();
    accumulate_grad(bias, [&](Destination<typename V::scalar> into) {
        return run_op(SumOp{upstream.size() / columns, columns, Axis::rows}, bias.extents, into, upstream);
    });
}

}  // namespace gantry::detail
