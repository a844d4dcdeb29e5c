#pragma once
#include <gantry/core/compiler.hpp>

namespace gantry {

/// Which elementwise function follows a product, a convolution or a batch norm in the same pass.
enum class ActivationKind { identity, leaky_relu, elu, softplus, sigmoid, tanh };

/// An activation as a kernel sees it. All of them have a derivative that can be told from their result alone.
struct Activation {
    ActivationKind kind = ActivationKind::identity;
    double parameter = 0;  ///< leaky_relu: slope below zero (0: ReLU); elu: alpha
};

}  // namespace gantry
