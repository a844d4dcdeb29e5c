#pragma once
#include <gantry/tensor/variable.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace gantry {

// An op is a trivially copyable struct with
//   static constexpr std::string_view name;
//   forward(y, accumulate, x...)  computes y, or adds to it (accumulate is set only where `give` offered an
//   Into); vjp(upstream, y, x...)        gives each input the product of the upstream gradient with the op's
//   Jacobian,
//                                 by `give` and written in ops, so that it can be differentiated again.

/// Where an op may write its result: into the step's memory (the default), or straight into a network's
/// gradients.
template <class T>
struct Destination {
    T* data = nullptr;
    bool accumulate = false;  ///< add to what is there
};

/// One recorded op with its inputs and its result.
template <class Op, class T, class D, std::size_t N>
struct OpNode : Node {
    [[no_unique_address]] Op op;
    TensorRef<T, D> y;
    TensorRef<T, D> in[N];
    Node* nodes[N];

    OpNode(const Op& o, const TensorRef<T, D>& result) : op(o), y(result) {}

    static void play_back(Node& node) {
        auto& self = static_cast<OpNode&>(node);
        for (const TensorRef<T, D>& x : self.in) x.device->tape().check_not_overwritten(node, x.data);
        const TensorRef<T, D> upstream = self.y.of_step(node.gradient, node.gradient_node);
        [&]<std::size_t... i>(std::index_sequence<i...>) { self.op.vjp(upstream, self.y, self.in[i]...); }
        (std::make_index_sequence<N>{});
    }
};

/// Runs an op and records it where an input is on the tape. Compiled once for an op, a scalar and a device.
/// Errors: an input of an earlier step; inputs on different devices; another thread's turn; gradients outside
/// of a Step.
template <class Op, class T, class D, class... In>
[[gnu::noinline]] TensorRef<T, D> run_op(const Op& op, const Extents& extents,
                                         std::type_identity_t<Destination<T>> into,
                                         const TensorRef<T, D>& first, const In&... more) {
    const auto check = [&](const TensorRef<T, D>& x) {
        x.check_alive();
        if (x.device != first.device) fail(Op::name, "the inputs of an op must be on one device object");
    };
    check(first);
    (check(more), ...);
    D& device = *first.device;
    const auto turn = device.turn();

    // A view lives as long as what it views.
    TensorRef<T, D> y =
        into.data ? TensorRef<T, D>{into.data, &device, extents, device.step(), nullptr, first.memory}
                  : allocate<T>(device, extents);
    op.forward(y, into.accumulate, first, more...);

    if (device.tape().recording() && (first.node || ... || more.node)) {
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

template <class T, class D>
void add_grad(const TensorRef<T, D>& x, const TensorRef<T, D>& part);

/// Inside a vjp: whether anybody wants the gradient of x.
template <class T, class D>
bool requires_grad(const TensorRef<T, D>& x) {
    return x.node && x.node->needed;
}

/// Where the gradient of x goes if it is that of a network's parameter, else nowhere: for an op that computes
/// several gradients at once.
template <class T, class D>
Destination<T> destination_of(const TensorRef<T, D>& x) {
    const Node* node = x.node;
    if (!requires_grad(x) || !node->destination || !x.device->tape().writes_through()) return {};
    return {static_cast<T*>(node->destination), node->written};
}

/// Inside a vjp: `accumulate_grad(x, compute)` adds compute() to the gradient of x, if anybody wants it; else
/// nothing is computed. A compute that takes an Destination may write straight into the gradients of a
/// network.
template <class T, class D, class Compute>
void accumulate_grad(const TensorRef<T, D>& x, const Compute& compute) {
    if (!requires_grad(x)) return;
    if constexpr (std::is_invocable_v<Compute, Destination<T>>) {
        if (const Destination<T> into = destination_of(x); into.data)
            compute(into);
        else
            add_grad(x, compute(Destination<T>{}));
    } else {
        add_grad(x, compute());
    }
    x.node->written = true;
}

}  // namespace gantry
