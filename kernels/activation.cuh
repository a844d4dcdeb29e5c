#pragma once
#include "launch.cuh"
#include <gantry/ops/activation.hpp>

namespace gantry::cuda {

/// a(x), for kernels with a fused activation. The kind is the same for all threads, so the branch costs
/// little compared with memory access.
template <int first = 0, class T>
__device__ T activate(contracts::Activation a, T x) {
    if constexpr (first == ops::activation_count) {
        return x;
    } else {
        constexpr contracts::ActivationKind kind{first};
        return a.kind == kind ? ops::ActivationFunction<kind>{a.parameter}(x) : activate<first + 1>(a, x);
    }
}

/// upstream * a'(x), computed from y = a(x): for kernels with a fused activation backward, and activations
/// with fuses_into_backward.
template <int first = 0, class T>
__device__ T activation_gradient(contracts::Activation a, T upstream, T y) {
    if constexpr (first == ops::activation_count) {
        return upstream;
    } else {
        constexpr contracts::ActivationKind kind{first};
        if constexpr (ops::fuses_into_backward(kind))
            if (a.kind == kind) return ops::ActivationGradient<kind>{a.parameter}(upstream, y);
        return activation_gradient<first + 1>(a, upstream, y);
    }
}

}  // namespace gantry::cuda
