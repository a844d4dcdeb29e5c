#pragma once
#include <gantry/core/compiler.hpp>

namespace gantry {

/// Activations that kernels can fuse into a matmul, a convolution or a batch norm.
enum class ActivationKind { identity, leaky_relu, elu, softplus, sigmoid, tanh };

/// True if f'(x) can be computed from y = f(x) without loss of accuracy; see ops/activation.hpp.
constexpr bool derives_from_result(ActivationKind kind) { return kind != ActivationKind::elu; }

/// An activation as an argument of a kernel.
struct Activation {
    ActivationKind kind = ActivationKind::identity;
    double parameter = 0;  ///< leaky_relu: slope below zero (0: ReLU); elu: alpha
};

}  // namespace gantry
