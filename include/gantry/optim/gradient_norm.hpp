#pragma once
#include <gantry/kernels/elementwise.hpp>
#include <gantry/kernels/optimizers.hpp>
#include <gantry/layers/network.hpp>
#include <gantry/math.hpp>
#include <gantry/ops/arithmetic.hpp>

namespace gantry {

/// The Euclidean norm of all gradients of a network, as one vector: Shape<>, a tensor of the step. One pass
/// over them, summed in a fixed order; the host waits for nothing. Errors: stale gradients.
template <class Net>
auto gradient_norm(const Gradients<Net>& gradients) {
    using T = typename Net::scalar;
    using D = typename Net::device_type;
    D& device = gradients.network->device();
    const Value<T, D> squares = allocate<T>(device, Extents{});
    launch(device, MapSumParameters<Square, T, 1>{
                       {}, gradients.network->gradients().size(), squares.data, {gradients.data()}, {}});
    return sqrt(Tensor<Shape<>, T, D>{squares});
}

/// Scales the gradients, all by one factor, so that their norm is at most `max_norm`; returns the norm that
/// they had: Shape<>, a tensor of the step. As PyTorch's torch.nn.utils.clip_grad_norm_ the factor is
/// min(1, max_norm / (norm + 1e-6)). The factor stays on the device, and the host waits for nothing.
///     const auto gradients = backward(loss, network);
///     clip_gradient_norm(gradients, 1.0);
///     optimizer.step(gradients);
/// Errors: stale gradients; a max_norm that is not finite and greater than 0.
/// Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks" (2013),
/// algorithm 1.
template <class Net>
auto clip_gradient_norm(const Gradients<Net>& gradients, double max_norm) {
    if (!math::is_finite(max_norm) || max_norm <= 0)
        fail("clip_gradient_norm", "max_norm must be finite and greater than 0", max_norm);
    const auto norm = gradient_norm(gradients);
    const auto& all = gradients.network->gradients();
    launch(gradients.network->device(),
           ElementwiseParameters<ClipToNorm, typename Net::scalar, 2>{
               {max_norm}, all.size(), all.data(), {all.data(), norm.data()}, {false, true}});
    return norm;
}

}  // namespace gantry
