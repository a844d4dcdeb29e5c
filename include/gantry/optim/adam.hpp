#pragma once
#include <gantry/contracts/optimizers.hpp>
#include <gantry/optim/optimizer.hpp>

#include <cmath>
#include <string_view>
#include <vector>

namespace gantry {

/// Options of Adam and OptimisticAdam, with PyTorch's names and defaults. Update t (from 1) of weights w with
/// gradient g, elementwise:
///     g' = g + weight_decay w
///     m = beta1 m + (1 - beta1) g'
///     v = beta2 v + (1 - beta2) g'^2
///     w -= learning_rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// Source: Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1. GANs often use
/// beta1 = 0.5 (Radford et al. 2015) or 0.
struct AdamOptions {
    double learning_rate = 1e-3;        ///< step size, alpha in the paper; finite, >= 0
    double beta1 = 0.9, beta2 = 0.999;  ///< decay rates of m and v, in [0, 1)
    double epsilon = 1e-8;              ///< added to the denominator, outside the root; finite, >= 0
    double weight_decay = 0;            ///< L2 penalty, coupled: enters m and v; finite, >= 0
};

/// Calls f(name, value) for each option; checkpoints use it.
template <class F>
void for_each_option(AdamOptions& options, const F& f) {
    auto& [learning_rate, beta1, beta2, epsilon, weight_decay] = options;
    f("learning_rate", learning_rate);
    f("beta1", beta1);
    f("beta2", beta2);
    f("epsilon", epsilon);
    f("weight_decay", weight_decay);
}

/// Base of Adam, AdamW and OptimisticAdam: the moments m and v, and their bias correction.
template <class Net, class Options = AdamOptions>
class AdamMoments : public Optimizer<Net, Options> {
public:
    using typename Optimizer<Net, Options>::scalar;
    using typename Optimizer<Net, Options>::device_type;

    /// Errors: options out of range.
    void check(const Options& options) const {
        this->check_at_least_zero("learning_rate", options.learning_rate);
        this->check_below_one("beta1", options.beta1);
        this->check_below_one("beta2", options.beta2);
        this->check_at_least_zero("epsilon", options.epsilon);
        this->check_at_least_zero("weight_decay", options.weight_decay);
    }
    /// Takes effect from the next step. Errors: see check.
    void set_options(const Options& options) {
        check(options);
        this->assign_options(options);
    }
    /// m and v, under PyTorch's names.
    std::vector<NamedBuffer<scalar, device_type>> buffers() {
        return {{"exp_avg", &exp_avg_}, {"exp_avg_sq", &exp_avg_sq_}};
    }

protected:
    AdamMoments(Net& network, std::string_view name, const Options& options)
        : Optimizer<Net, Options>(network, name, options) {
        check(options);
    }
    ~AdamMoments() = default;

    /// The next update with bias corrections; lacks size, w and g.
    AdamParameters<scalar> next_update() const {
        const auto t = static_cast<double>(this->updates() + 1);
        const Options& options = this->options();
        AdamParameters<scalar> p;
        p.m = exp_avg_.data();
        p.v = exp_avg_sq_.data();
        p.learning_rate = options.learning_rate;
        p.beta1 = options.beta1;
        p.beta2 = options.beta2;
        p.epsilon = options.epsilon;
        p.weight_decay = options.weight_decay;
        p.correction1 = 1 - std::pow(options.beta1, t);
        p.correction2 = 1 - std::pow(options.beta2, t);
        return p;
    }

private:
    Buffer<scalar, device_type> exp_avg_ = this->moment(), exp_avg_sq_ = this->moment();
};

/// Adam with PyTorch's arithmetic; see AdamOptions for the formula. Source: Kingma and Ba, "Adam: a method
/// for stochastic optimization" (2015), algorithm 1.
///     Adam optimizer{network, {.learning_rate = 2e-4, .beta1 = 0.5}};
///     optimizer.step(backward(loss, network));
template <class Net>
class Adam : public AdamMoments<Net> {
public:
    /// The network must outlive it. Errors: options out of range.
    explicit Adam(Net& network, const AdamOptions& options = {})
        : AdamMoments<Net>(network, "Adam", options) {}

    /// One update. Errors: gradients of another network; stale or already applied gradients.
    void step(const Gradients<Net>& gradients) { this->update(gradients, this->next_update()); }
};

}  // namespace gantry
