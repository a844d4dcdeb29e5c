#pragma once
#include <gantry/core/math.hpp>
#include <gantry/optim/optimizer.hpp>

#include <cmath>
#include <cstdint>
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

namespace optim {
/// g' = g + weight_decay w; m = beta1 m + (1 - beta1) g'; v = beta2 v + (1 - beta2) g'^2;
/// w -= learning_rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon).
/// (1 - beta2) g'^2 is computed as ((1 - beta2) g') g', as PyTorch does: it overflows only where v does.
template <class T>
struct AdamUpdate {
    using scalar = T;
    static constexpr const char* name = "adam";
    static constexpr int moments = 2;
    T beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon, rate, root_scale, decay;

    /// `t` counts the updates from 1.
    template <class Options>
    AdamUpdate(const Options& options, std::uint64_t t)
        : beta1(static_cast<T>(options.beta1)),
          one_minus_beta1(static_cast<T>(1 - options.beta1)),
          beta2(static_cast<T>(options.beta2)),
          one_minus_beta2(static_cast<T>(1 - options.beta2)),
          epsilon(static_cast<T>(options.epsilon)),
          rate(static_cast<T>(options.learning_rate / correction(options.beta1, t))),
          root_scale(static_cast<T>(1 / std::sqrt(correction(options.beta2, t)))),
          decay(static_cast<T>(options.weight_decay)) {}

    template <class V>
    GANTRY_HOST_DEVICE void operator()(V gradient, V& w, V& m, V& v) const {
        w = w - step(gradient + decay * w, m, v);
    }
    /// What w is reduced by. g: the gradient with its weight decay.
    template <class V>
    GANTRY_HOST_DEVICE V step(V g, V& m, V& v) const {
        m = beta1 * m + one_minus_beta1 * g;
        v = beta2 * v + (one_minus_beta2 * g) * g;
        return rate * m / (math::sqrt(v) * root_scale + epsilon);
    }

private:
    static double correction(double beta, std::uint64_t t) {
        return 1 - std::pow(beta, static_cast<double>(t));
    }
};

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
    /// `name` appears in errors and checkpoints. Errors: options out of range.
    AdamMoments(Net& network, std::string_view name, const Options& options)
        : Optimizer<Net, Options>(network, name, options) {
        check(options);
    }
    ~AdamMoments() = default;

    /// Moments beyond Adam's two follow them.
    template <class Update, class... Moments>
    void update_by(const Gradients<Net>& gradients, Moments&... more) {
        this->update(
            gradients, [&](const Options& options) { return Update(options, this->updates() + 1); }, exp_avg_,
            exp_avg_sq_, more...);
    }

private:
    core::Buffer<scalar, device_type> exp_avg_ = this->moment(), exp_avg_sq_ = this->moment();
};
}  // namespace optim

/// Adam with PyTorch's arithmetic; see AdamOptions for the formula. Source: Kingma and Ba, "Adam: a method
/// for stochastic optimization" (2015), algorithm 1.
///     Adam optimizer{network, {.learning_rate = 2e-4, .beta1 = 0.5}};
///     optimizer.step(backward(loss, network));
template <class Net>
class Adam : public optim::AdamMoments<Net> {
public:
    /// The network must outlive it. Errors: options out of range.
    explicit Adam(Net& network, const AdamOptions& options = {})
        : optim::AdamMoments<Net>(network, "Adam", options) {}

    /// One update. Errors: gradients of another network; stale or already applied gradients.
    void step(const Gradients<Net>& gradients) {
        this->template update_by<optim::AdamUpdate<typename Net::scalar>>(gradients);
    }
};

}  // namespace gantry
