#pragma once
#include <gantry/tensor/variable.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

// clang-format off
/// @addtogroup autograd
/// An op is a trivially copyable struct with the following members. y and x... are TensorRefs.
///
///     static constexpr std::string_view name   Used in error messages.
///
///     void forward(y, accumulate, x...) const  Computes y = op(x...), or y += op(x...) if `accumulate`,
///                                              which is set only for a Destination that
///                                              accumulate_grad passes on.
///
///     void vjp(upstream, y, x...) const        Vector-Jacobian product. For each input, it calls
///                                                  accumulate_grad(x, [&] { return ...; });
///                                              with the product of upstream and dy/dx, computed by ops so
///                                              that it can be differentiated again.
///
/// Optional members:
///
///     static constexpr bool takes_integers     The op only moves elements, so it takes tensors of integers too.
///
///     index                                    An integer tensor that forward and vjp read; it is checked as
///                                              the inputs are.
// clang-format on

namespace gantry {

namespace diagnosis {
/// Integers were given to an op that computes.
template <bool takes, class Given>
struct OpTakesScalar {
    static_assert(
        takes,
        "gantry: this op computes with floating-point numbers and cannot take a tensor of integers; "
        "one_hot, embedding and gather turn integers into them (see OpTakesScalar<false, given>)");
};
}  // namespace diagnosis

namespace ops {

/// An op on `In`, TensorRefs, with results of type Y: see above.
template <class Op, class Y, class... In>
concept AnyOp = std::is_trivially_copyable_v<Op> && requires(const Op& op, const Y& y, const In&... x) {
    { Op::name } -> std::convertible_to<std::string_view>;
    op.forward(y, false, x...);
    op.vjp(y, y, x...);
};

/// True for an op that also takes integer tensors, which have no gradients.
template <class Op>
inline constexpr bool takes_integers = requires { requires Op::takes_integers; };

/// Destination of an op's result: new memory of the step if `data` is null (the default), otherwise `data`,
/// such as a slot of a network's gradient buffer.
template <class T>
struct Destination {
    T* data = nullptr;        ///< device pointer, or null
    bool accumulate = false;  ///< add to the contents of `data`
};

/// A recorded op with its inputs and its result.
template <class Op, class T, class D, std::size_t N>
struct OpNode : core::Node {
    [[no_unique_address]] Op op;
    TensorRef<T, D> y;
    TensorRef<T, D> in[N];
    core::Node* nodes[N];

    OpNode(const Op& o, const TensorRef<T, D>& result) : op(o), y(result) {}

    static void play_back(core::Node& node) {
        auto& self = static_cast<OpNode&>(node);
        for (const TensorRef<T, D>& x : self.in) x.device->tape().check_not_overwritten(node, x.data);
        if constexpr (requires { self.op.index; })
            self.y.device->tape().check_not_overwritten(node, self.op.index.data);
        const TensorRef<T, D> upstream = self.y.of_step(node.gradient, node.gradient_node);
        [&]<std::size_t... i>(std::index_sequence<i...>) {
            self.op.vjp(upstream, self.y, self.in[i]...);
        }(std::make_index_sequence<N>{});
    }
};

/// Runs an op and records it if an input is on the tape. `extents`: shape of the result. Compiled once per
/// op, scalar type and device. Errors: an input of an earlier step; inputs on different devices; another
/// thread uses the device; an input is on the tape but no Step is open.
template <class Op, class T, class D, class... In>
[[gnu::noinline]] TensorRef<T, D> run_op(const Op& op, const core::Extents& extents,
                                         std::type_identity_t<Destination<T>> into,
                                         const TensorRef<T, D>& first, const In&... more) {
    static_assert(AnyOp<Op, TensorRef<T, D>, TensorRef<T, D>, In...>,
                  "gantry: an op is trivially copyable and has a name, forward and vjp for its inputs: see "
                  "gantry/autograd/record.hpp");
    constexpr bool takes = !std::is_integral_v<T> || takes_integers<Op>;
    static_cast<void>(sizeof(diagnosis::OpTakesScalar<takes, T>));
    const auto check = [&](const auto& x) {
        x.check_alive();
        if (x.device != first.device) fail(Op::name, "the inputs of an op must be on the same device object");
    };
    check(first);
    (check(more), ...);
    if constexpr (requires { op.index; }) check(op.index);
    D& device = *first.device;
    const auto turn = device.turn();

    // A view of existing memory lives as long as its owner.
    TensorRef<T, D> y =
        into.data ? TensorRef<T, D>{into.data, &device, extents, device.step(), nullptr, first.memory}
                  : core::allocate<T>(device, extents);
    if constexpr (takes) op.forward(y, into.accumulate, first, more...);

    if constexpr (!D::records) {
        device.ran(y, {first, more...});
    } else if constexpr (std::is_integral_v<T>) {
        return y;  // never on the tape
    } else if (device.tape().recording() && (first.node || ... || more.node)) {
        using N = OpNode<Op, T, D, 1 + sizeof...(In)>;
        N* node = device.tape().template push<N>(op, y);
        int i = 0;
        const auto add = [&](const TensorRef<T, D>& x) {
            node->in[i] = x;
            node->nodes[i++] = x.node;
        };
        add(first);
        (add(more), ...);
        node->inputs = node->nodes;
        node->input_count = i;
        node->play = &N::play_back;
        y.node = node->y.node = node;
    }
    return y;
}

/// Adds `part` to the gradient of x; defined in grad/backward.hpp.
template <class T, class D>
void add_grad(const TensorRef<T, D>& x, const TensorRef<T, D>& part);

/// True if x requires a gradient in this backward pass. For use in a vjp.
template <class T, class D>
bool requires_grad(const TensorRef<T, D>& x) {
    return x.node && x.node->needed;
}

/// The slot of a network's gradient buffer for the gradient of x if x is a parameter of the network and
/// requires a gradient, otherwise empty. For ops that compute several gradients at once.
template <class T, class D>
Destination<T> destination_of(const TensorRef<T, D>& x) {
    const core::Node* node = x.node;
    if (!requires_grad(x) || !node->destination || !x.device->tape().writes_through()) return {};
    return {static_cast<T*>(node->destination), node->written};
}
}  // namespace ops

/// Adds compute() to the gradient of x if x requires one; otherwise compute is not called. For use in a vjp.
/// `compute` may take a Destination, to write directly into a network's gradient buffer.
template <class T, class D, class Compute>
void accumulate_grad(const TensorRef<T, D>& x, const Compute& compute) {
    if (!ops::requires_grad(x)) return;
    if constexpr (std::is_invocable_v<Compute, ops::Destination<T>>) {
        if (const ops::Destination<T> into = ops::destination_of(x); into.data)
            compute(into);
        else
            ops::add_grad(x, compute(ops::Destination<T>{}));
    } else {
        ops::add_grad(x, compute());
    }
    x.node->written = true;
}

}  // namespace gantry
