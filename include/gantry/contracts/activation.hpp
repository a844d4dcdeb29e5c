#pragma once
#include <gantry/core/compiler.hpp>

namespace gantry {

/// Which elementwise function follows a product, a convolution or a batch norm in the same pass.
enum class ActivationKind { identity, leaky_relu, elu, softplus, sigmoid, tanh };

/// Whether an activation's derivative follows from its result with all its digits; see ops/activation.hpp.
constexpr bool derives_from_result(ActivationKind kind) { return kind != ActivationKind::elu; }

/// An activation as a kernel sees it.
struct Activation {
    ActivationKind kind = ActivationKind::identity;
    double parameter = 0;  ///< leaky_relu: slope below zero (0: ReLU); elu: alpha
};

}  // namespace gantry
