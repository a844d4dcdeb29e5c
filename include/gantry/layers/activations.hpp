#pragma once
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/ops/activation.hpp>

#include <string>

namespace gantry {

/// An activation as a layer. After a layer that fuses activations it costs no pass over memory.
template <Activation function>
struct ActivationOf : PlainLayer {
    static constexpr bool keeps_shape = true;
    static constexpr Activation activation = function;
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return elementwise(ActivationFunction<function.kind>{function.parameter}, x);
    }
};

struct ReLU : ActivationOf<Activation{ActivationKind::leaky_relu, 0}> {
    static std::string name() { return "ReLU"; }
};

template <detail::Real slope>
struct LeakyReLUHasSlope {
    static_assert(slope.value >= 0, "gantry: the slope of a LeakyReLU must not be negative");
};
template <detail::Real slope = 0.01>
struct LeakyReLU : ActivationOf<Activation{ActivationKind::leaky_relu, slope.value}> {
    using Valid = detail::StaticCheck<(slope.value >= 0), LeakyReLUHasSlope<slope>>;
    static std::string name() { return "LeakyReLU " + detail::short_number(slope.value); }
};

template <detail::Real alpha>
struct ELUHasAlpha {
    static_assert(alpha.value > 0, "gantry: the alpha of an ELU must be positive");
};
template <detail::Real alpha = 1>
struct ELU : ActivationOf<Activation{ActivationKind::elu, alpha.value}> {
    using Valid = detail::StaticCheck<(alpha.value > 0), ELUHasAlpha<alpha>>;
    static std::string name() { return "ELU " + detail::short_number(alpha.value); }
};

struct Softplus : ActivationOf<Activation{ActivationKind::softplus}> {
    static std::string name() { return "Softplus"; }
};
struct Sigmoid : ActivationOf<Activation{ActivationKind::sigmoid}> {
    static std::string name() { return "Sigmoid"; }
};
struct Tanh : ActivationOf<Activation{ActivationKind::tanh}> {
    static std::string name() { return "Tanh"; }
};

}  // namespace gantry
