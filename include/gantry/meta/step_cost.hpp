#pragma once
#include <gantry/meta/meta.hpp>

#include <concepts>
#include <cstddef>

namespace gantry {

/// A device that computes nothing and counts, PyTorch's device "meta": networks, optimizers and training
/// steps run on it as on any other device, with gradients of any order, without memory for their tensors and
/// in no time. Values that are read from it are 0. See step_cost.
class Meta : public Device<core::MetaMemory> {
public:
    /// Sums in any scalar, as it computes none.
    template <class Storage, class Sum>
    static constexpr bool sums_in = std::floating_point<Storage> && std::floating_point<Sum>;

    /// Floating-point operations of the kernels so far.
    std::size_t flops() const { return flops_; }
    /// Number of kernels launched so far.
    std::size_t launches() const { return launches_; }

    /// Counts a kernel.
    template <class P>
    friend void launch(Meta& device, const P& p) {
        device.flops_ += contracts::flops(p);
        ++device.launches_;
    }

private:
    std::size_t flops_ = 0, launches_ = 0;
};

/// What training steps cost: see step_cost.
struct StepCost {
    /// Floating-point operations of all kernels. A multiplication and an addition are two, and so a
    /// multiply-add is two; an elementwise function is one per element.
    std::size_t flops = 0;
    std::size_t launches = 0;  ///< kernels
    /// Device memory of a step, in bytes, of the largest step if there are several: activations, values that
    /// are saved for the backward pass, and gradients of activations. Memory is given back when the step
    /// ends.
    std::size_t step_bytes = 0;
    /// Device memory that outlives steps, in bytes: parameters, their gradients, moments of optimizers,
    /// running statistics, resident data.
    std::size_t persistent_bytes = 0;
    std::size_t tape_bytes = 0;  ///< host memory of the tape, of the largest step
};

/// Counts what `steps()` does on a device that computes nothing: one or more training steps with all that
/// belongs to them, forward, backward, gradient penalties (derivatives of derivatives) and optimizers. The
/// memory is exactly that of the same steps on Cpu, without the workspaces inside of kernels. Convolutions of
/// Cuda and EigenCpu fuse derivatives of activations, which saves some of the memory of a step; cuBLAS and
/// cuDNN add a workspace. Networks and optimizers are constructed before, on the same device:
///     Meta device;
///     Network<Critic, Meta> critic{device, Seed{1}};
///     Adam adam{critic};
///     const StepCost cost = step_cost(device, [&] {
///         const Step step{device};
///         const auto x = filled<Shape<Batch, 784>>(device, 64, 0);
///         adam.step(backward(bce_with_logits(critic(x), 1.0), critic));
///     });
template <class F>
StepCost step_cost(Meta& device, F&& steps) {
    const std::size_t flops = device.flops(), launches = device.launches();
    steps();
    return {device.flops() - flops, device.launches() - launches, device.arena().peak(),
            device.persistent_bytes(), device.tape().peak_bytes()};
}

}  // namespace gantry
