#pragma once
#include "activation.cuh"
#include "loop.cuh"
#include <gantry/contracts/convolution.hpp>

namespace gantry::cuda {

/// Operand of a convolution, with a fused activation backward: if behind.outputs is not null, `data` is dL/dy
/// of y = f(z), and each load multiplies it by f'(z), computed from y.
template <class T>
struct ConvolutionOperand {
    const T* data;
    contracts::ActivationBackward<T> behind;

    __device__ ConvolutionOperand operator+(std::size_t n) const {
        return {data + n, {behind.outputs ? behind.outputs + n : nullptr, behind.activation}};
    }
};

template <class P, class T>
__device__ P load(const ConvolutionOperand<T>& from) {
    P pack = load<P>(from.data);
    if (from.behind.outputs) {
        const P outputs = load<P>(from.behind.outputs);
        for (int i = 0; i < P::width; ++i)
            pack.at[i] = activation_gradient(from.behind.activation, pack.at[i], outputs.at[i]);
    }
    return pack;
}

}  // namespace gantry::cuda
