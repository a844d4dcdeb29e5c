#pragma once
#include <gantry/ops/activation.hpp>
#include <gantry/ops/sum.hpp>

namespace gantry::ops {

// The epilogue of a matmul or a convolution: f(result + bias), applied before the result is stored. The bias
// has the size of the result's last extent. f: an activation, or identity.

/// Sets the epilogue of a kernel. Parameters: a struct with `bias` and `activation`.
template <class Parameters, class... Bias>
void set_epilogue(Parameters& p, contracts::Activation activation, const Bias&... bias) {
    static_assert(sizeof...(Bias) <= 1, "gantry: at most one bias");
    ((p.bias = bias.data), ...);
    p.activation = activation;
}

/// The activation that the epilogue applies: `kind`, or identity if it cannot be fused.
template <contracts::ActivationKind kind>
inline constexpr contracts::ActivationKind fused_kind =
    ActivationFormula<kind>::from_result ? kind : contracts::ActivationKind::identity;

/// Applies activation `kind` to the result unless the epilogue did.
template <contracts::ActivationKind kind, class X>
auto apply_rest(double parameter, const X& product) {
    if constexpr (ActivationFormula<kind>::from_result)
        return product;
    else
        return elementwise(ActivationFunction<kind>{parameter}, product);
}

/// dL/dx from upstream = dL/dy, for the result y = f(x) of an activation.
template <contracts::ActivationKind kind, class V>
V pre_activation(double parameter, const V& upstream, const V& y) {
    static_assert(ActivationFormula<kind>::from_result);
    if constexpr (kind == contracts::ActivationKind::identity)
        return upstream;
    else
        return elementwise(ActivationGradient<kind>{parameter}, upstream, y);
}

/// Accumulates the gradient of the bias: upstream = dL/d(result + bias), summed over all but the last extent.
template <class Sum, class V>
void accumulate_bias_grad(const V& bias, const V& upstream) {
    const auto columns = bias.size();
    accumulate_grad(bias, [&](Destination<typename V::scalar> into) {
        return run_op(SumOp<Sum>{upstream.size() / columns, columns, contracts::Axis::rows}, bias.extents,
                      into, upstream);
    });
}

}  // namespace gantry::ops
