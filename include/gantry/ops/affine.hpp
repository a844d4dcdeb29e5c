#pragma once
#include <gantry/core/scalars.hpp>
#include <gantry/ops/epilogue.hpp>
#include <gantry/ops/matmul.hpp>

#include <string_view>

namespace gantry {

namespace ops {
/// y = f(x w + bias) in one fused pass; the bias is optional. f: a fused activation, or identity.
template <contracts::ActivationKind kind, class Sum>
struct AffineOp {
    static constexpr std::string_view name = "affine";
    double parameter = 0;  ///< of the activation

    template <class V, class... Bias>
    void forward(const V& y, bool, const V& x, const V& w, const Bias&... bias) const {
        contracts::MatmulParameters<typename V::scalar, Sum> p;
        p.rows = y.extents.of[0];
        p.columns = y.extents.of[1];
        p.inner = w.extents.of[0];
        p.a = x.data;
        p.b = w.data;
        p.c = y.data;
        set_epilogue(p, {kind, parameter}, bias...);
        launch(*y.device, p);
    }
    template <class V, class... Bias>
    void vjp(const V& upstream, const V& y, const V& x, const V& w, const Bias&... bias) const {
        const V inner = pre_activation<kind>(parameter, upstream, y);
        using Slot = Destination<typename V::scalar>;
        accumulate_grad(x, [&](Slot into) { return ops::matmul<Sum>(inner, false, w, true, into); });
        accumulate_grad(w, [&](Slot into) { return ops::matmul<Sum>(x, true, inner, false, into); });
        (accumulate_bias_grad<Sum>(bias, inner), ...);
    }
};
}  // namespace ops

/// Fully connected layer, f(x w + bias): x Shape<Batch, In>, w Shape<In, Out>, bias Shape<Out> ->
/// Shape<Batch, Out>. The bias is optional. f: the activation `kind` with its slope or alpha, `parameter`.
/// Sum: see Scalars; void: the scalar of x.
template <contracts::ActivationKind kind = contracts::ActivationKind::identity, class Sum = void, AnyTensor X,
          AnyTensor W, AnyTensor... Bias>
auto affine(double parameter, const X& x, const W& w, const Bias&... bias) {
    static_assert(sizeof...(Bias) <= 1, "gantry: affine takes x, w and at most one bias");
    using S = typename ops::MatmulShape<typename X::shape, typename W::shape>::type;
    const core::Extents extents = S::extents(x.value().extents.first());
    const ops::AffineOp<ops::fused_kind<kind>, core::SumOf<Sum, typename X::scalar>> op{parameter};
    return ops::apply_rest<kind>(parameter, core::typed<S, X, W, Bias...>(ops::run_op(
                                                op, extents, {}, x.value(), w.value(), bias.value()...)));
}

}  // namespace gantry
