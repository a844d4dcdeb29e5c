#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/eigen/device.hpp>
#include <gantry/ops/activation.hpp>

namespace gantry::eigen {

/// f(x). One switch for all kinds, so that expressions are compiled once, not once per kind.
template <class T>
T activate(contracts::Activation activation, T x) {
    T y = x;
    ops::visit_activation(activation.kind, [&](auto kind) {
        y = ops::ActivationFormula<kind.value>::value(x, activation.parameter);
    });
    return y;
}

/// f'(x) from y = f(x), for the activations that can be fused into a backward pass.
template <class T>
T derivative(contracts::Activation activation, T y) {
    T result = 1;
    ops::visit_activation(activation.kind, [&](auto kind) {
        using Formula = ops::ActivationFormula<kind.value>;
        if constexpr (Formula::from_result) result = Formula::derivative(y, activation.parameter);
    });
    return result;
}

/// y = activation(y + bias), the bias (columns of y) added to each row; null: none.
template <class Y, class T>
void finish(Y& y, const T* bias, contracts::Activation activation) {
    using S = typename Y::Scalar;
    if (bias) y.array().rowwise() += row(bias, static_cast<std::size_t>(y.cols())).template cast<S>();
    if (activation.kind != contracts::ActivationKind::identity)
        y = y.unaryExpr([activation](S x) { return activate(activation, x); });
}

}  // namespace gantry::eigen
