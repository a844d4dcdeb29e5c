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
struct Into {
    T* data = nullptr;
    bool accumulate = false;  ///< add to what is there
};

/// One recorded op with its inputs and its result.
template <class Op, class T, class D, std::size_t N>
struct OpNode : Node {
    [[no_unique_address]] Op op;
    Value<T, D> y;
    Value<T, D> in[N];
    Node* nodes[N];

    OpNode(const Op& o, const Value<T, D>& result) : op(o), y(result) {}

    static void play_back(Node& node) {
        auto& self = static_cast<OpNode&>(node);
        for (const Value<T, D>& x : self.in) x.device->tape().check_not_overwritten(node, x.data);
        const Value<T, D> upstream = self.y.of_step(node.gradient, node.gradient_node);
        [&]<std::size_t... i>(std::index_sequence<i...>) { self.op.vjp(upstream, self.y, self.in[i]...); }
        (std::make_index_sequence<N>{});
    }
};

/// Runs an op and records it where an input is on the tape. Compiled once for an op, a scalar and a device.
/// Errors: an input of an earlier step; inputs on different devices; another thread's turn; gradients outside
/// of a Step.
template <class Op, class T, class D, class... In>
[[gnu::noinline]] Value<T, D> run_op(const Op& op, const Extents& extents, std::type_identity_t<Into<T>> into,
                                     const Value<T, D>& first, const In&... more) {
    const auto check = [&](const Value<T, D>& x) {
        x.check_alive();
        if (x.device != first.device) fail(Op::name, "the inputs of an op must be on one device object");
    };
    check(first);
    (check(more), ...);
    D& device = *first.device;
    const auto turn = device.turn();

    // A view lives as long as what it views.
    Value<T, D> y = into.data ? Value<T, D>{into.data, &device, extents, device.step(), nullptr, first.memory}
                              : allocate<T>(device, extents);
    op.forward(y, into.accumulate, first, more...);

    if (device.tape().recording() && (first.node || ... || more.node)) {
        using N = OpNode<Op, T, D, 1 + sizeof...(In)>;
        N* node = device.tape().template push<N>(op, y);
        int i = 0;
        const auto add = [&](const Value<T, D>& x) {
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
void collect(const Value<T, D>& x, const Value<T, D>& part);

/// Inside a vjp: whether anybody wants the gradient of x.
template <class T, class D>
bool is_wanted(const Value<T, D>& x) {
    return x.node && x.node->needed;
}

/// Where the gradient of x goes if it is that of a network's parameter, else nowhere: for an op that computes
/// several gradients at once.
template <class T, class D>
Into<T> destination_of(const Value<T, D>& x) {
    const Node* node = x.node;
    if (!is_wanted(x) || !node->destination || !x.device->tape().writes_through()) return {};
    return {static_cast<T*>(node->destination), node->written};
}

/// Inside a vjp: `give(x, compute)` adds compute() to the gradient of x, if anybody wants it; else nothing is
/// computed. A compute that takes an Into may write straight into the gradients of a network.
template <class T, class D, class Compute>
void give(const Value<T, D>& x, const Compute& compute) {
    if (!is_wanted(x)) return;
    if constexpr (std::is_invocable_v<Compute, Into<T>>) {
        if (const Into<T> into = destination_of(x); into.data)
            compute(into);
        else
            collect(x, compute(Into<T>{}));
    } else {
        collect(x, compute());
    }
    x.node->written = true;
}

}  // namespace gantry
