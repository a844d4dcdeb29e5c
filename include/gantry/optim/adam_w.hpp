#pragma once
#include <gantry/optim/adam.hpp>

namespace gantry {

/// The names and defaults are PyTorch's.
struct AdamWOptions {
    double learning_rate = 1e-3;
    double beta1 = 0.9, beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 1e-2;  ///< decoupled: w shrinks by learning_rate weight_decay w
};

/// Calls f(name, value) for each option, for a checkpoint.
template <class F>
void for_each_option(AdamWOptions& options, const F& f) {
    auto& [learning_rate, beta1, beta2, epsilon, weight_decay] = options;
    f("learning_rate", learning_rate);
    f("beta1", beta1);
    f("beta2", beta2);
    f("epsilon", epsilon);
    f("weight_decay", weight_decay);
}

/// Adam with weight decay beside the gradient, not in it. Source: Loshchilov and Hutter, "Decoupled weight
/// decay regularization" (2019), algorithm 2.
template <class Net>
class AdamW : public AdamMoments<Net, AdamWOptions> {
public:
    explicit AdamW(Net& network, const AdamWOptions& options = {})
        : AdamMoments<Net, AdamWOptions>(network, "AdamW", options) {}

    /// Errors: gradients of another network, or stale ones.
    void step(const Gradients<Net>& gradients) {
        auto p = this->next_update();
        p.decoupled = true;
        this->update(gradients, p);
    }
};

}  // namespace gantry
