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

namespace gantry {

/// One recorded op, or a leaf. Knows neither shapes nor scalars nor devices.
struct Node {
    void (*play)(Node&) = nullptr;              ///< adds to the gradients of its inputs; null for leaves
    Node *previous = nullptr, *next = nullptr;  ///< in order of recording
    Node* const* inputs = nullptr;              ///< may hold nulls: inputs that nobody can ask a gradient for
    int input_count = 0;
    int index = 0;  ///< place in the recording

    // Of the current backward pass:
    void* gradient = nullptr;       ///< collected so far
    Node* gradient_node = nullptr;  ///< its node, where the pass is recorded itself
    bool needed = false;            ///< leads to something a gradient was asked for
    bool written = false;           ///< leaves of a network: `destination` holds a first contribution

    // Of a leaf that is a parameter of a network:
    void* destination = nullptr;  ///< where its gradient goes, inside the network's gradient buffer
    std::size_t bytes = 0;
    Lifetime::Watch owner;  ///< the network
};

/// The ops of one step, in order, in memory that is reused from step to step.
class Tape {
public:
    /// Appends a node: trivially destructible, since the tape forgets its nodes without calling anything.
    /// Errors: no Step is open.
    template <class N, class... Arguments>
    N* push(const Arguments&... arguments) {
        static_assert(std::is_base_of_v<Node, N> && std::is_trivially_destructible_v<N>);
        if (!open_)
            fail("Step", "nothing is recorded outside of a Step: write `const Step step{device};` before it");
        N* node = new (arena_.allocate(sizeof(N))) N(arguments...);
        node->previous = last_;
        node->index = ++count_;
        (last_ ? last_->next : first_) = node;
        last_ = node;
        return node;
    }

    /// Opens the tape, until `reset`: a Step has begun.
    void open() { open_ = true; }
    bool is_open() const { return open_; }

    /// Whether ops are recorded. Off while a backward pass plays whose own derivatives nobody wants.
    bool recording() const { return recording_; }
    void record(bool on) { recording_ = on; }

    /// Whether the pass writes gradients of a network's parameters straight into the network's buffer.
    bool writes_through() const { return writes_through_; }
    void write_through(bool on) { writes_through_ = on; }

    /// The number 1 that the pass began with, where it lies: an upstream gradient there need not be
    /// multiplied.
    const void* seed() const { return seed_; }
    void set_seed(const void* seed) { seed_ = seed; }

    /// To be called by whatever overwrites memory that outlives steps, as optimizers do: a node that was
    /// recorded before and reads it can no longer be played. `what` appears in the error.
    void overwritten(const void* begin, const void* end, const char* what = "parameters") {
        ++overwrites_so_far_;
        statistics_overwritten(begin, end, what);
    }
    /// The same for running statistics: devices derive nothing from them, so that `overwrites` stays.
    void statistics_overwritten(const void* begin, const void* end, const char* what = "running statistics") {
        if (count_ == 0) return;
        const auto same = [&](const Overwrite& o) { return o.begin == begin && o.end == end; };
        const auto known = std::find_if(overwrites_.begin(), overwrites_.end(), same);
        if (known == overwrites_.end())
            overwrites_.push_back({begin, end, count_, what});
        else
            known->index = count_;
    }
    void check_not_overwritten(const Node& node, const void* data) const {
        for (const Overwrite& o : overwrites_)
            if (node.index <= o.index && data >= o.begin && data < o.end)
                fail("backward", std::string(o.what) +
                                     " must not be updated between a forward pass and its backward pass");
    }

    /// Changes whenever something was overwritten that a device may have derived something from.
    std::uint64_t overwrites() const { return overwrites_so_far_; }

    /// Prepares all nodes for a pass: those up to `output` that lead to a target are needed.
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
    /// Plays the marked nodes back, from `output` to the first.
    void play(Node* output) {
        for (Node* node = output; node; node = node->previous)
            if (node->gradient && node->needed && node->play) node->play(*node);
    }
    template <class F>
    void for_each(const F& f) {
        for (Node* node = first_; node; node = node->next) f(*node);
    }

    /// Memory of the host until the end of the step.
    void* scratch(std::size_t bytes) { return arena_.allocate(bytes); }

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

}  // namespace gantry
