#pragma once
#include "launch.cuh"
#include <gantry/kernels/activation.hpp>
#include <gantry/math.hpp>

namespace gantry::cuda {

/// a(x), for the kernels that an activation follows in the same pass. The kind is the same for all threads,
/// so that the branch costs little beside memory.
template <class T>
__device__ T activate(Activation a, T x) {
    const T zero = 0, parameter = static_cast<T>(a.parameter);
    switch (a.kind) {
        case ActivationKind::identity:
            return x;
        case ActivationKind::leaky_relu:
            return math::select(x > zero, x, x * parameter);
        case ActivationKind::elu:
            return math::select(x > zero, x, parameter * math::expm1(x));
        case ActivationKind::softplus:
            return math::softplus(x);
        case ActivationKind::sigmoid:
            return math::sigmoid(x);
        case ActivationKind::tanh:
            return math::tanh(x);
    }
    return x;
}

}  // namespace gantry::cuda
