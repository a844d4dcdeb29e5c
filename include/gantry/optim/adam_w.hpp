#pragma once
#include <gantry/optim/adam.hpp>

namespace gantry {

/// Options of AdamW, with PyTorch's names and defaults. Update t (from 1) of weights w with gradient g,
/// elementwise:
///     w -= learning_rate weight_decay w
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g^2
///     w -= learning_rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// Source: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2.
struct AdamWOptions {
    double learning_rate = 1e-3;        ///< finite, >= 0
    double beta1 = 0.9, beta2 = 0.999;  ///< decay rates of m and v, in [0, 1)
    double epsilon = 1e-8;              ///< added to the denominator, outside the root; finite, >= 0
    double weight_decay = 1e-2;         ///< decoupled: does not enter m and v; finite, >= 0
};

/// Calls f(name, value) for each option; checkpoints use it.
template <class F>
void for_each_option(AdamWOptions& options, const F& f) {
    auto& [learning_rate, beta1, beta2, epsilon, weight_decay] = options;
    f("learning_rate", learning_rate);
    f("beta1", beta1);
    f("beta2", beta2);
    f("epsilon", epsilon);
    f("weight_decay", weight_decay);
}

namespace optim {
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
}  // namespace optim

/// Adam with decoupled weight decay and PyTorch's arithmetic; see AdamWOptions for the formula. Source:
/// Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2.
template <class Net>
class AdamW : public optim::AdamMoments<Net, AdamWOptions> {
public:
    /// The network must outlive it. Errors: options out of range.
    explicit AdamW(Net& network, const AdamWOptions& options = {})
        : optim::AdamMoments<Net, AdamWOptions>(network, "AdamW", options) {}

    /// One update. Errors: gradients of another network; stale or already applied gradients.
    void step(const Gradients<Net>& gradients) {
        this->template update_by<optim::AdamWUpdate<typename Net::scalar>>(gradients);
    }
};

}  // namespace gantry
