#pragma once
#include "launch.cuh"
#include <gantry/contracts/activation.hpp>
#include <gantry/core/math.hpp>

namespace gantry::cuda {

/// a(x), for kernels with a fused activation. The kind is the same for all threads, so the branch costs
/// little compared with memory access.
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

/// upstream * a'(x), computed from y = a(x): for kernels with a fused activation backward. Softplus is not
/// supported.
template <class T>
__device__ T activation_gradient(Activation a, T upstream, T y) {
    const T zero = 0, one = 1, parameter = static_cast<T>(a.parameter);
    switch (a.kind) {
        case ActivationKind::leaky_relu:
            return math::select(y > zero, upstream, upstream * parameter);
        case ActivationKind::elu:
            return math::select(y > zero, upstream, upstream * (y + parameter));
        case ActivationKind::sigmoid:
            return upstream * (y * (one - y));
        case ActivationKind::tanh:
            return upstream * (one - y * y);
        default:
            return upstream;
    }
}

}  // namespace gantry::cuda
