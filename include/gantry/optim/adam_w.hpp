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

/// w -= learning_rate weight_decay w, and then Adam's update by the gradient alone.
template <class T>
struct AdamWUpdate {
    using scalar = T;
    static constexpr const char* name = "adam_w";
    static constexpr int moments = 2;
    AdamUpdate<T> adam;
    T keep;

    /// `t` counts the updates from 1.
    AdamWUpdate(const AdamWOptions& options, std::uint64_t t)
        : adam(options, t), keep(static_cast<T>(1 - options.learning_rate * options.weight_decay)) {}

    template <class V>
    GANTRY_HOST_DEVICE void operator()(V g, V& w, V& m, V& v) const {
        w = keep * w - adam.step(g, m, v);
    }
};

/// Adam with weight decay beside the gradient, not in it. Source: Loshchilov and Hutter, "Decoupled weight
/// decay regularization" (2019), algorithm 2.
template <class Net>
class AdamW : public AdamMoments<Net, AdamWOptions> {
public:
    explicit AdamW(Net& network, const AdamWOptions& options = {})
        : AdamMoments<Net, AdamWOptions>(network, "AdamW", options) {}

    /// Errors: gradients of another network, or stale ones.
    void step(const Gradients<Net>& gradients) {
        this->template update_by<AdamWUpdate<typename Net::scalar>>(gradients);
    }
};

}  // namespace gantry
