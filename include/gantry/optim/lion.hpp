#pragma once
#include <gantry/core/math.hpp>
#include <gantry/optim/optimizer.hpp>

#include <vector>

namespace gantry {

/// The defaults are those of the authors' code. The learning rate is usually 3 to 10 times smaller than
/// Adam's, and the weight decay as many times larger (section 5 of the paper).
struct LionOptions {
    double learning_rate = 1e-4;  ///< finite, >= 0
    double beta1 = 0.9;           ///< weight of the moment in the update
    double beta2 = 0.99;          ///< weight of the moment in the next moment
    double weight_decay = 0;      ///< decoupled: w shrinks by learning_rate weight_decay w
};

/// Calls f(name, value) for each option, for a checkpoint.
template <class F>
void for_each_option(LionOptions& options, const F& f) {
    auto& [learning_rate, beta1, beta2, weight_decay] = options;
    f("learning_rate", learning_rate);
    f("beta1", beta1);
    f("beta2", beta2);
    f("weight_decay", weight_decay);
}

namespace optim {
/// w = (1 - learning_rate weight_decay) w - learning_rate sign(beta1 m + (1 - beta1) g);
/// m = beta2 m + (1 - beta2) g. sign(0) is 0.
template <class T>
struct LionUpdate {
    using scalar = T;
    static constexpr const char* name = "lion";
    static constexpr int moments = 1;
    T rate, beta1, one_minus_beta1, beta2, one_minus_beta2, keep;

    explicit LionUpdate(const LionOptions& options)
        : rate(static_cast<T>(options.learning_rate)),
          beta1(static_cast<T>(options.beta1)),
          one_minus_beta1(static_cast<T>(1 - options.beta1)),
          beta2(static_cast<T>(options.beta2)),
          one_minus_beta2(static_cast<T>(1 - options.beta2)),
          keep(static_cast<T>(1 - options.learning_rate * options.weight_decay)) {}

    template <class V>
    GANTRY_HOST_DEVICE void operator()(V g, V& w, V& m) const {
        const V direction = beta1 * m + one_minus_beta1 * g, zero{}, one = math::constant<V>(1);
        const V sign = math::select(direction > zero, one, math::select(direction < zero, -one, zero));
        w = keep * w - rate * sign;
        m = beta2 * m + one_minus_beta2 * g;
    }
};
}  // namespace optim

/// Lion: the sign of an interpolated momentum, with one moment per parameter. Source: Chen et al., "Symbolic
/// discovery of optimization algorithms" (2023), algorithm 2.
///     Lion optimizer{network, {.learning_rate = 1e-4, .weight_decay = 1e-2}};
template <class Net>
class Lion : public optim::Optimizer<Net, LionOptions> {
public:
    using typename optim::Optimizer<Net, LionOptions>::scalar;
    using typename optim::Optimizer<Net, LionOptions>::device_type;

    /// Errors: options out of range.
    explicit Lion(Net& network, const LionOptions& options = {})
        : optim::Optimizer<Net, LionOptions>(network, "Lion", options) {
        check(options);
    }

    /// Errors: options out of range.
    void check(const LionOptions& options) const {
        this->check_at_least_zero("learning_rate", options.learning_rate);
        this->check_below_one("beta1", options.beta1);
        this->check_below_one("beta2", options.beta2);
        this->check_at_least_zero("weight_decay", options.weight_decay);
    }
    /// From the next step on. Errors: see check.
    void set_options(const LionOptions& options) {
        check(options);
        this->assign_options(options);
    }

    /// One update. Errors: gradients of another network; stale or already applied gradients.
    void step(const Gradients<Net>& gradients) {
        this->update(
            gradients, [](const LionOptions& options) { return optim::LionUpdate<scalar>(options); },
            exp_avg_);
    }
    /// m, under PyTorch's name.
    std::vector<optim::NamedBuffer<scalar, device_type>> buffers() { return {{"exp_avg", &exp_avg_}}; }

private:
    core::Buffer<scalar, device_type> exp_avg_ = this->moment();
};

}  // namespace gantry
