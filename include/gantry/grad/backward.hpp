#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/core/static_check.hpp>
#include <gantry/ops/arithmetic.hpp>

#include <tuple>
#include <type_traits>

namespace gantry {

namespace ops {
/// Adds `part` to the gradient of x that the pass accumulates. If x is a scalar that an op broadcast, `part`
/// is summed first.
template <class T, class D>
void add_grad(const TensorRef<T, D>& x, const TensorRef<T, D>& part) {
    TensorRef<T, D> gradient = part;
    if (x.extents.rank == 0 && part.extents.rank != 0) gradient = sum_all(part);
    if (gradient.extents != x.extents)
        fail("backward", "the gradient of an op's input must have the input's shape", gradient.extents,
             " for ", x.extents);
    core::Node* node = x.node;
    if (node->destination && x.device->tape().writes_through()) {
        auto* to = static_cast<T*>(node->destination);
        if (node->written)
            launch(*x.device, contracts::ElementwiseParameters<Add, T, 2>{
                                  {}, gradient.size(), to, {to, gradient.data}, {}});
        else
            launch(*x.device, contracts::CopyBlockParameters<T>{1, gradient.size(), gradient.data,
                                                                gradient.size(), to, gradient.size()});
        return;
    }
    if (node->gradient) gradient = x.of_step(node->gradient, node->gradient_node) + gradient;
    node->gradient = gradient.data;
    node->gradient_node = gradient.node;
}

/// True if a backward pass can start from Loss: a recorded scalar.
template <class Loss>
inline constexpr bool can_backpropagate = Loss::recorded && core::same_shape<typename Loss::shape, Shape<>>;
}  // namespace ops

namespace diagnosis {
/// Fails to compile with a diagnostic if a backward pass cannot start from Loss.
template <class Loss>
struct BackwardStart {
    static_assert(
        Loss::recorded,
        "gantry: there is nothing to differentiate: this is a Tensor (detached, frozen, or plain data)");
    static_assert(core::same_shape<typename Loss::shape, Shape<>>,
                  "gantry: only scalars can be differentiated: take mean(), sum() or a loss first");
};
}  // namespace diagnosis

namespace ops {
/// The check that a backward pass can start from Loss.
template <class Loss>
using BackwardCheck = core::StaticCheck<can_backpropagate<Loss>, diagnosis::BackwardStart<Loss>>;

/// Options of a backward pass.
struct PassOptions {
    bool recorded;              ///< record the pass itself, as create_graph does
    bool write_through;         ///< write parameter gradients directly to the network's buffer
    bool allow_unused = false;  ///< do nothing if the loss does not depend on any target
    bool accumulate = false;    ///< add to the targets' gradients in the network's buffer
};

/// Runs the backward pass from a scalar to the nodes for which is_target(node) is true. Errors: the loss was
/// not recorded, or does not depend on any target.
template <class T, class D, class IsTarget>
void play_back(const TensorRef<T, D>& loss, PassOptions options, const IsTarget& is_target) {
    loss.check_alive();
    D& device = *loss.device;
    const auto turn = device.turn();
    core::Tape& tape = device.tape();
    if (!loss.node)
        fail("backward", "the value must be recorded; it was computed from a gradient without create_graph");
    tape.mark(loss.node, is_target);
    if (options.accumulate) tape.for_each([&](core::Node& node) { node.written = is_target(node); });
    if (!loss.node->needed && options.allow_unused) return;
    if (!loss.node->needed)
        fail("backward",
             "the loss must depend on the network or variables to differentiate for; was an input detached?");
    const TensorRef<T, D> one = core::allocate<T>(device, core::Extents{});
    launch(device, contracts::FillParameters<T>{1, one.data, T(1)});
    loss.node->gradient = one.data;

    struct Restore {  // also if the pass throws
        core::Tape& tape;
        bool recording = tape.recording(), write_through = tape.writes_through();
        const void* seed = tape.seed();
        ~Restore() {
            tape.record(recording);
            tape.write_through(write_through);
            tape.set_seed(seed);
        }
    } restore{tape};
    tape.record(options.recorded);
    tape.write_through(options.write_through);
    tape.set_seed(one.data);
    tape.play(loss.node);
}

/// The gradient of x from the last pass. Errors: x is not on the tape, or has no gradient; with
/// `allow_unused` the latter gives zeros.
template <class T, class D>
TensorRef<T, D> collected_gradient(const TensorRef<T, D>& x, bool allow_unused) {
    x.check_alive();
    const core::Node* node = x.node;
    if (!node) fail("grad", "grad takes variables on the tape");
    if (!node->gradient && !allow_unused)
        fail("grad", "the output must depend on every variable to differentiate for");
    if (node->gradient) return x.of_step(node->gradient, node->gradient_node);
    const TensorRef<T, D> zeros = core::allocate<T>(*x.device, x.extents);
    launch(*x.device, contracts::FillParameters<T>{zeros.size(), zeros.data, T(0)});
    return zeros;
}

/// Options of `grad`, as in torch.autograd.grad.
struct GradOptions {
    bool create_graph = false;  ///< record the pass, so that the gradients can be differentiated again
    /// A variable that the output does not depend on has gradient 0 instead of being an error.
    bool allow_unused = false;
};
}  // namespace ops

/// Gradients d output / d input of a scalar with respect to variables, each with the shape of its variable.
/// With create_graph the gradients are on the tape; without it, differentiating them is an error. Errors: the
/// output does not depend on a variable (unless allow_unused).
template <AnyTensor Output, class... S, class T, class D>
std::tuple<Variable<S, T, D>...> grad(const Output& output, const std::tuple<Variable<S, T, D>...>& inputs,
                                      ops::GradOptions options = {}) {
    [[maybe_unused]] constexpr bool diagnosed = ops::BackwardCheck<Output>::diagnose();
    if constexpr (ops::can_backpropagate<Output>) {
        std::apply(
            [&](const auto&... x) {
                (x.value().check_alive(), ...);
                ops::play_back(output.value(), {options.create_graph, false, options.allow_unused},
                               [&](const core::Node& node) { return ((&node == x.value().node) || ...); });
            },
            inputs);
    }
    return std::apply(
        [&](const auto&... x) {
            return std::tuple<Variable<S, T, D>...>{
                Variable<S, T, D>{ops::collected_gradient(x.value(), options.allow_unused)}...};
        },
        inputs);
}
/// Gradient with respect to a single variable.
template <AnyTensor Output, class S, class T, class D>
Variable<S, T, D> grad(const Output& output, const Variable<S, T, D>& input, ops::GradOptions options = {}) {
    return std::get<0>(grad(output, std::tuple{input}, options));
}

/// Does not compile: a Tensor has no gradient.
template <AnyTensor Output, class S, class T, class D>
Variable<S, T, D> grad(const Output&, const Tensor<S, T, D>& input, ops::GradOptions = {}) {
    static_assert(!AnyTensor<Output>,
                  "gantry: grad takes Variables, not Tensors: write auto x = variable(tensor), and compute "
                  "the output from x");
    return Variable<S, T, D>{input.value()};
}

}  // namespace gantry
