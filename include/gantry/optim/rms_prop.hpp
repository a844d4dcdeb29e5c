#pragma once
#include <gantry/core/math.hpp>
#include <gantry/optim/optimizer.hpp>

#include <vector>

namespace gantry {

/// The names and defaults are PyTorch's.
struct RmsPropOptions {
    double learning_rate = 1e-2;
    double alpha = 0.99;  ///< how much of the running mean of squares a step keeps
    double epsilon = 1e-8;
    double weight_decay = 0;  ///< weight_decay w is added to the gradient
    double momentum = 0;
    bool centered = false;  ///< divide by the deviation of the gradient, not by its root mean square
};

/// Calls f(name, value) for each option, for a checkpoint.
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

/// RMSProp with PyTorch's arithmetic (epsilon outside of the root). Source: Tieleman and Hinton,
/// "Lecture 6.5, RMSProp" (2012); centered: Graves, "Generating sequences with recurrent neural networks"
/// (2013), equations 38 to 41.
template <class Net>
class RmsProp : public Optimizer<Net, RmsPropOptions> {
public:
    using typename Optimizer<Net, RmsPropOptions>::scalar;
    using typename Optimizer<Net, RmsPropOptions>::device_type;

    /// Errors: options out of range.
    explicit RmsProp(Net& network, const RmsPropOptions& options = {})
        : Optimizer<Net, RmsPropOptions>(network, "RmsProp", options) {
        check(options);
    }

    /// Errors: options out of range; others than those that the optimizer was made for.
    void check(const RmsPropOptions& options) const {
        this->check_at_least_zero("learning_rate", options.learning_rate);
        this->check_below_one("alpha", options.alpha);
        this->check_at_least_zero("epsilon", options.epsilon);
        this->check_at_least_zero("weight_decay", options.weight_decay);
        this->check_below_one("momentum", options.momentum);
        if (options.centered != this->options().centered ||
            (options.momentum > 0) != (this->options().momentum > 0))
            fail(this->name(),
                 "centered, and whether there is a momentum, must stay as the optimizer was made");
    }
    /// From the next step on. Errors: see check.
    void set_options(const RmsPropOptions& options) {
        check(options);
        this->assign_options(options);
    }

    /// Errors: gradients of another network, or stale ones.
    void step(const Gradients<Net>& gradients) {
        this->update(gradients, RmsPropUpdate<scalar>(this->options()), square_avg_, grad_avg_, velocity_);
    }
    std::vector<NamedBuffer<scalar, device_type>> buffers() {
        std::vector<NamedBuffer<scalar, device_type>> all{{"square_avg", &square_avg_}};
        if (this->options().centered) all.push_back({"grad_avg", &grad_avg_});
        if (this->options().momentum > 0) all.push_back({"momentum_buffer", &velocity_});
        return all;
    }

private:
    Buffer<scalar, device_type> square_avg_ = this->moment(),
                                grad_avg_ = this->moment(this->options().centered),
                                velocity_ = this->moment(this->options().momentum > 0);
};

}  // namespace gantry
