#pragma once
#include <gantry/core/arena.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/host_memory.hpp>
#include <gantry/core/lifetime.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

namespace gantry::core {

/// A node of the autograd tape: a recorded op or a leaf. Independent of shapes, scalar types and devices.
struct Node {
    void (*play)(Node&) = nullptr;              ///< runs the op's vjp; null for leaves
    Node *previous = nullptr, *next = nullptr;  ///< in order of recording
    Node* const* inputs = nullptr;              ///< null entries: inputs without gradient
    int input_count = 0;                        ///< length of `inputs`
    int index = 0;                              ///< position on the tape, from 1

    // State of the current backward pass:
    void* gradient = nullptr;       ///< accumulated so far
    Node* gradient_node = nullptr;  ///< node of the gradient, if the pass itself is recorded
    bool needed = false;            ///< a target of the pass, or depends on one
    bool written = false;           ///< the first contribution was stored (parameters: in `destination`)

    // Leaves that are parameters of a network:
    void* destination = nullptr;  ///< address of the gradient in the network's gradient buffer
    std::size_t bytes = 0;        ///< of the gradient
    Lifetime::Watch owner;        ///< the network
};

/// The ops of one step in order of execution. The memory is reused from step to step.
class Tape {
public:
    /// Appends a node of type N, constructed from `arguments`. N must be trivially destructible: reset runs
    /// no destructors. Errors: no Step is open.
    template <class N, class... Arguments>
    N* push(const Arguments&... arguments) {
        static_assert(std::is_base_of_v<Node, N> && std::is_trivially_destructible_v<N>);
        if (!open_)
            fail("Step", "ops are recorded only inside a Step: write `const Step step{device};` first");
        N* node = new (arena_.allocate(sizeof(N))) N(arguments...);
        node->previous = last_;
        node->index = ++count_;
        (last_ ? last_->next : first_) = node;
        last_ = node;
        return node;
    }

    /// Opens the tape until `reset`. Called by Step.
    void open() { open_ = true; }
    /// True while a Step is open.
    bool is_open() const { return open_; }

    /// True if ops are recorded. False during a backward pass without create_graph.
    bool recording() const { return recording_; }
    /// Switches recording on or off.
    void record(bool on) { recording_ = on; }

    /// True if the backward pass writes parameter gradients directly to the network's gradient buffer.
    bool writes_through() const { return writes_through_; }
    /// Switches direct writes to the gradient buffer on or off.
    void write_through(bool on) { writes_through_ = on; }

    /// Address of the seed gradient, 1. A loss compares its upstream gradient with it to skip a
    /// multiplication.
    const void* seed() const { return seed_; }
    /// Sets the address of the seed gradient; null: none.
    void set_seed(const void* seed) { seed_ = seed; }

    /// Must be called after overwriting memory that outlives steps, as optimizers do. Ops recorded before
    /// that read this memory can no longer be differentiated. `what` names the data in the error message.
    void overwritten(const void* begin, const void* end, const char* what = "parameters") {
        ++overwrites_so_far_;
        statistics_overwritten(begin, end, what);
    }
    /// The same for running statistics. `overwrites` stays the same, since devices cache nothing derived from
    /// them.
    void statistics_overwritten(const void* begin, const void* end, const char* what = "running statistics") {
        if (count_ == 0) return;
        const auto same = [&](const Overwrite& o) { return o.begin == begin && o.end == end; };
        const auto known = std::find_if(overwrites_.begin(), overwrites_.end(), same);
        if (known == overwrites_.end())
            overwrites_.push_back({begin, end, count_, what});
        else
            known->index = count_;
    }
    /// Errors: `data` was overwritten after `node` was recorded.
    void check_not_overwritten(const Node& node, const void* data) const {
        for (const Overwrite& o : overwrites_)
            if (node.index <= o.index && data >= o.begin && data < o.end)
                fail("backward", std::string(o.what) +
                                     " must not be updated between a forward pass and its backward pass");
    }

    /// Changes with each call of `overwritten`; cached transforms of parameters from before are stale.
    std::uint64_t overwrites() const { return overwrites_so_far_; }

    /// Prepares a backward pass from `output`: resets the gradients and marks each node up to `output` that
    /// depends on a target as needed.
    template <class IsTarget>
    void mark(const Node* output, const IsTarget& is_target) {
        for (Node* node = first_; node; node = node->next) {
            node->gradient = nullptr;
            node->gradient_node = nullptr;
            node->written = false;
            node->needed = node->index <= output->index && is_target(*node);
            for (int i = 0; i < node->input_count; ++i)
                node->needed |= node->inputs[i] && node->inputs[i]->needed;
        }
    }
    /// Runs the vjp of each marked node, from `output` back to the first.
    void play(Node* output) {
        for (Node* node = output; node; node = node->previous)
            if (node->gradient && node->needed && node->play) node->play(*node);
    }
    /// Calls f(node) for each node, in order.
    template <class F>
    void for_each(const F& f) {
        for (Node* node = first_; node; node = node->next) f(*node);
    }

    /// Host memory, valid until the end of the step.
    void* scratch(std::size_t bytes) { return arena_.allocate(bytes); }

    /// Largest number of bytes that the nodes of any step have used.
    std::size_t peak_bytes() const { return arena_.peak(); }

    /// Ends the step: removes all nodes and recycles their memory.
    void reset() {
        open_ = false;
        first_ = last_ = nullptr;
        count_ = 0;
        overwrites_.clear();
        arena_.reset();
    }

private:
    struct Overwrite {
        const void *begin, *end;
        int index;
        const char* what;
    };

    HostMemory memory_;
    Arena<HostMemory> arena_{memory_};
    Node *first_ = nullptr, *last_ = nullptr;
    std::vector<Overwrite> overwrites_;
    std::uint64_t overwrites_so_far_ = 0;
    int count_ = 0;
    const void* seed_ = nullptr;
    bool open_ = false;
    bool recording_ = true;
    bool writes_through_ = false;
};

}  // namespace gantry::core
