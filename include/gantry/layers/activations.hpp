#pragma once
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
template <float slope = 0.01f>
struct LeakyReLU : ActivationOf<Activation{ActivationKind::leaky_relu, static_cast<double>(slope)}> {
    static_assert(slope >= 0, "gantry: the slope of a LeakyReLU must not be negative");
    static std::string name() { return "LeakyReLU " + detail::short_number(slope); }
};
template <float alpha = 1.0f>
struct ELU : ActivationOf<Activation{ActivationKind::elu, static_cast<double>(alpha)}> {
    static_assert(alpha > 0, "gantry: the alpha of an ELU must be positive");
    static std::string name() { return "ELU " + detail::short_number(alpha); }
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
