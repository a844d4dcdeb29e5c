#pragma once
#include <gantry/kernels/optimizers.hpp>
#include <gantry/optim/optimizer.hpp>

#include <cmath>
#include <string_view>
#include <vector>

namespace gantry {

/// The names and defaults are PyTorch's. GANs often take beta1 = 0.5 (Radford et al. 2015) or 0.
struct AdamOptions {
    double learning_rate = 1e-3;
    double beta1 = 0.9, beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0;  ///< coupled: weight_decay w is added to the gradient
};

/// What Adam, AdamW and OptimisticAdam have in common: two moments and their correction.
template <class Net>
class AdamMoments : public Optimizer<Net> {
public:
    using typename Optimizer<Net>::scalar;
    using typename Optimizer<Net>::device_type;

    std::vector<NamedBuffer<scalar, device_type>> buffers() {
        return {{"exp_avg", &exp_avg_}, {"exp_avg_sq", &exp_avg_sq_}};
    }

protected:
    AdamMoments(Net& network, std::string_view name, const AdamOptions& options)
        : Optimizer<Net>(network, name, options.learning_rate), options_(options) {
        this->check_below_one("beta1", options.beta1);
        this->check_below_one("beta2", options.beta2);
        this->check_at_least_zero("epsilon", options.epsilon);
        this->check_at_least_zero("weight_decay", options.weight_decay);
    }
    ~AdamMoments() = default;

    AdamParameters<scalar> next_update() const {
        const auto t = static_cast<double>(this->updates() + 1);
        AdamParameters<scalar> p;
        p.m = exp_avg_.data();
        p.v = exp_avg_sq_.data();
        p.learning_rate = this->learning_rate();
        p.beta1 = options_.beta1;
        p.beta2 = options_.beta2;
        p.epsilon = options_.epsilon;
        p.weight_decay = options_.weight_decay;
        p.correction1 = 1 - std::pow(options_.beta1, t);
        p.correction2 = 1 - std::pow(options_.beta2, t);
        return p;
    }

private:
    AdamOptions options_;
    Buffer<scalar, device_type> exp_avg_ = this->moment(), exp_avg_sq_ = this->moment();
};

/// Adam with PyTorch's arithmetic. Source: Kingma and Ba, "Adam: a method for stochastic optimization"
/// (2015), algorithm 1.
///     Adam optimizer{network, {.learning_rate = 2e-4, .beta1 = 0.5}};
///     optimizer.step(backward(loss, network));
template <class Net>
class Adam : public AdamMoments<Net> {
public:
    explicit Adam(Net& network, const AdamOptions& options = {})
        : AdamMoments<Net>(network, "Adam", options) {}

    /// Errors: gradients of another network, or stale ones.
    void step(const Gradients<Net>& gradients) { this->update(gradients, this->next_update()); }
};

}  // namespace gantry
