#pragma once
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/ops/activation.hpp>

#include <string>

namespace gantry {

namespace layers {
/// Base of the activation layers: y = f(x) per element, any shape -> the same shape. A preceding layer that
/// fuses activations applies it in its own kernel, without a further pass over memory.
template <contracts::Activation function>
struct ActivationOf : PlainLayer {
    static constexpr bool keeps_shape = true;
    static constexpr contracts::Activation activation = function;  ///< f
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return elementwise(ops::ActivationFunction<function.kind>{function.parameter}, x);
    }
};
}  // namespace layers

/// max(x, 0).
struct ReLU : layers::ActivationOf<contracts::Activation{contracts::ActivationKind::leaky_relu, 0}>,
              layers::Part<ReLU> {
    static std::string name() { return "ReLU"; }
};

namespace diagnosis {
/// Compile-time check of LeakyReLU's slope.
template <detail::Real slope>
struct LeakyReLUHasSlope {
    static_assert(slope.value >= 0, "gantry: the slope of a LeakyReLU must not be negative");
};
}  // namespace diagnosis

/// x if x > 0, else slope x; slope >= 0. `LeakyReLU<0.2>`
template <detail::Real slope = 0.01>
struct LeakyReLU
    : layers::ActivationOf<contracts::Activation{contracts::ActivationKind::leaky_relu, slope.value}>,
      layers::Part<LeakyReLU<slope>> {
    using Valid = core::StaticCheck<(slope.value >= 0), diagnosis::LeakyReLUHasSlope<slope>>;
    static std::string name() { return "LeakyReLU " + detail::short_number(slope.value); }
};

namespace diagnosis {
/// Compile-time check of ELU's alpha.
template <detail::Real alpha>
struct ELUHasAlpha {
    static_assert(alpha.value > 0, "gantry: the alpha of an ELU must be positive");
};
}  // namespace diagnosis

/// x if x > 0, else alpha (exp(x) - 1); alpha > 0. Source: Clevert, Unterthiner and Hochreiter, "Fast and
/// accurate deep network learning by exponential linear units (ELUs)" (2016), equation 15.
template <detail::Real alpha = 1>
struct ELU : layers::ActivationOf<contracts::Activation{contracts::ActivationKind::elu, alpha.value}>,
             layers::Part<ELU<alpha>> {
    using Valid = core::StaticCheck<(alpha.value > 0), diagnosis::ELUHasAlpha<alpha>>;
    static std::string name() { return "ELU " + detail::short_number(alpha.value); }
};

/// log(1 + exp(x)).
struct Softplus : layers::ActivationOf<contracts::Activation{contracts::ActivationKind::softplus}>,
                  layers::Part<Softplus> {
    static std::string name() { return "Softplus"; }
};
/// 1 / (1 + exp(-x)).
struct Sigmoid : layers::ActivationOf<contracts::Activation{contracts::ActivationKind::sigmoid}>,
                 layers::Part<Sigmoid> {
    static std::string name() { return "Sigmoid"; }
};
/// x Phi(x), Phi the distribution function of the standard normal distribution; see gelu.
struct GELU : layers::ActivationOf<contracts::Activation{contracts::ActivationKind::gelu}>,
              layers::Part<GELU> {
    static std::string name() { return "GELU"; }
};
/// x / (1 + exp(-x)); see silu.
struct SiLU : layers::ActivationOf<contracts::Activation{contracts::ActivationKind::silu}>,
              layers::Part<SiLU> {
    static std::string name() { return "SiLU"; }
};
/// tanh(x).
struct Tanh : layers::ActivationOf<contracts::Activation{contracts::ActivationKind::tanh}>,
              layers::Part<Tanh> {
    static std::string name() { return "Tanh"; }
};

}  // namespace gantry
