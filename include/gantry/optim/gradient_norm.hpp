#pragma once
#include <gantry/contracts/norm.hpp>
#include <gantry/core/math.hpp>
#include <gantry/network/network.hpp>

namespace gantry {

namespace detail {
/// The gradients' norm, rounded and exact, both in the device's memory until the end of the step.
template <class T, class D>
struct Norm {
    Tensor<Shape<>, T, D> norm;
    const contracts::ScaledNorm* scaled;
};
/// The norm of clipped gradients. Unlike a Tensor it may be ignored, for the clipping is done.
template <class T, class D>
struct ClippedNorm : Tensor<Shape<>, T, D> {};
template <class Net>
Norm<typename Net::scalar, typename Net::device_type> norm_of(const Gradients<Net>& gradients) {
    using T = typename Net::scalar;
    const T* const x = gradients.data();
    auto& device = gradients.network->device();
    auto* const scaled =
        static_cast<contracts::ScaledNorm*>(device.arena().allocate(sizeof(contracts::ScaledNorm)));
    const auto norm = core::allocate<T>(device, core::Extents{});
    launch(device, contracts::NormParameters<T>{gradients.network->gradients().size(), x, scaled, norm.data});
    return {Tensor<Shape<>, T, typename Net::device_type>{norm}, scaled};
}
}  // namespace detail

/// sqrt(sum of g_i^2) over all gradients of a network: Shape<>, a tensor of the current step. One pass over
/// memory, summed in double in a fixed order. Does not synchronise with the device. Errors: stale gradients.
template <class Net>
auto gradient_norm(const Gradients<Net>& gradients) {
    return detail::norm_of(gradients).norm;
}

/// Scales all gradients in place by min(1, max_norm / (norm + 1e-6)), as PyTorch's
/// torch.nn.utils.clip_grad_norm_, so that their norm is at most `max_norm`. Returns the norm before
/// clipping: Shape<>, a tensor of the current step. Does not synchronise with the device.
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
    const auto [norm, scaled] = detail::norm_of(gradients);
    auto& all = gradients.network->gradients();
    launch(gradients.network->device(),
           contracts::ClipToNormParameters<typename Net::scalar>{all.size(), all.data(), scaled, max_norm});
    return detail::ClippedNorm<typename Net::scalar, typename Net::device_type>{norm};
}

}  // namespace gantry
