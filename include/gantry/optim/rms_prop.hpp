#pragma once
#include <gantry/core/math.hpp>
#include <gantry/optim/optimizer.hpp>

#include <vector>

namespace gantry {

/// Options of RmsProp, with PyTorch's names and defaults. One update of weights w with gradient g,
/// elementwise:
///     g' = g + weight_decay w
///     s = alpha s + (1 - alpha) g'^2
///     a = sqrt(s) + epsilon
///     centered: mean = alpha mean + (1 - alpha) g',  a = sqrt(max(s - mean^2, 0)) + epsilon
///     w -= learning_rate g' / a
///     with momentum instead: velocity = momentum velocity + g' / a,  w -= learning_rate velocity
/// Sources: Tieleman and Hinton, "Lecture 6.5, RMSProp" (2012); centered: Graves, "Generating sequences with
/// recurrent neural networks" (2013), equations 38 to 41.
struct RmsPropOptions {
    double learning_rate = 1e-2;  ///< finite, >= 0
    double alpha = 0.99;          ///< decay rate of the running means s and mean, in [0, 1)
    double epsilon = 1e-8;        ///< added to the denominator, outside the root; finite, >= 0
    double weight_decay = 0;      ///< L2 penalty, added to the gradient; finite, >= 0
    double momentum = 0;          ///< in [0, 1); 0: no velocity
    bool centered = false;        ///< divide by the gradient's standard deviation, not its root mean square
};

/// Calls f(name, value) for each option; checkpoints use it.
template <class F>
void for_each_option(RmsPropOptions& options, const F& f) {
    auto& [learning_rate, alpha, epsilon, weight_decay, momentum, centered] = options;
    f("learning_rate", learning_rate);
    f("alpha", alpha);
    f("epsilon", epsilon);
    f("weight_decay", weight_decay);
    f("momentum", momentum);
    f("centered", centered);
}

namespace optim {
/// g' = g + weight_decay w; s = alpha s + (1 - alpha) g'^2; the step is g' / (sqrt(s) + epsilon).
/// Centered: mean = alpha mean + (1 - alpha) g', and s - mean^2 takes the place of s. It is at least 0: under
/// a constant gradient the exact difference is 0 and the rounded one may be below (PyTorch then gives NaN).
/// With momentum: velocity = momentum velocity + step, and w -= learning_rate velocity.
template <class T>
struct RmsPropUpdate {
    using scalar = T;
    static constexpr const char* name = "rms_prop";
    static constexpr int moments = 3;
    T rate, alpha, one_minus_alpha, epsilon, momentum, decay;
    bool centered;

    explicit RmsPropUpdate(const RmsPropOptions& options)
        : rate(static_cast<T>(options.learning_rate)),
          alpha(static_cast<T>(options.alpha)),
          one_minus_alpha(static_cast<T>(1 - options.alpha)),
          epsilon(static_cast<T>(options.epsilon)),
          momentum(static_cast<T>(options.momentum)),
          decay(static_cast<T>(options.weight_decay)),
          centered(options.centered) {}

    template <class V>
    GANTRY_HOST_DEVICE void operator()(V gradient, V& w, V& s, V& mean, V& velocity) const {
        const V g = gradient + decay * w;
        s = alpha * s + (one_minus_alpha * g) * g;
        V variance = s;
        if (centered) {
            mean = alpha * mean + one_minus_alpha * g;
            variance = math::max(s - mean * mean, V{});
        }
        velocity = g / (math::sqrt(variance) + epsilon) + momentum * velocity;
        w = w - rate * velocity;
    }
};
}  // namespace optim

/// RMSProp with PyTorch's arithmetic; see RmsPropOptions for the formula and the sources. (Where the centered
/// variant's s - mean^2 rounds to below 0, PyTorch gives NaN; here it is clamped to 0.)
template <class Net>
class RmsProp : public optim::Optimizer<Net, RmsPropOptions> {
public:
    using typename optim::Optimizer<Net, RmsPropOptions>::scalar;
    using typename optim::Optimizer<Net, RmsPropOptions>::device_type;

    /// The network must outlive it. Errors: options out of range.
    explicit RmsProp(Net& network, const RmsPropOptions& options = {})
        : optim::Optimizer<Net, RmsPropOptions>(network, "RmsProp", options) {
        check(options);
    }

    /// Errors: options out of range; another value of `centered`, or momentum switched on or off, since the
    /// buffers are allocated at construction.
    void check(const RmsPropOptions& options) const {
        this->check_at_least_zero("learning_rate", options.learning_rate);
        this->check_below_one("alpha", options.alpha);
        this->check_at_least_zero("epsilon", options.epsilon);
        this->check_at_least_zero("weight_decay", options.weight_decay);
        this->check_below_one("momentum", options.momentum);
        if (options.centered != this->options().centered ||
            (options.momentum > 0) != (this->options().momentum > 0))
            fail(this->name(), "centered and the use of momentum cannot change after construction");
    }
    /// Takes effect from the next step. Errors: see check.
    void set_options(const RmsPropOptions& options) {
        check(options);
        this->assign_options(options);
    }

    /// One update. Errors: gradients of another network; stale or already applied gradients.
    void step(const Gradients<Net>& gradients) {
        this->update(
            gradients, [](const RmsPropOptions& options) { return optim::RmsPropUpdate<scalar>(options); },
            square_avg_, grad_avg_, velocity_);
    }
    /// s, mean and velocity, as far as the options require them, under PyTorch's names.
    std::vector<optim::NamedBuffer<scalar, device_type>> buffers() {
        std::vector<optim::NamedBuffer<scalar, device_type>> all{{"square_avg", &square_avg_}};
        if (this->options().centered) all.push_back({"grad_avg", &grad_avg_});
        if (this->options().momentum > 0) all.push_back({"momentum_buffer", &velocity_});
        return all;
    }

private:
    core::Buffer<scalar, device_type> square_avg_ = this->moment(),
                                      grad_avg_ = this->moment(this->options().centered),
                                      velocity_ = this->moment(this->options().momentum > 0);
};

}  // namespace gantry
