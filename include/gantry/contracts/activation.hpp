#pragma once
#include <gantry/core/compiler.hpp>

namespace gantry::contracts {

/// Names an activation. The list, the formulas and what kernels can do with them: ops/activation.hpp.
enum class ActivationKind : int;

/// An activation as an argument of a kernel; the default is none, f(x) = x.
struct Activation {
    ActivationKind kind{};
    double parameter = 0;  ///< leaky_relu: slope below zero (0: ReLU); elu: alpha
};

}  // namespace gantry::contracts
