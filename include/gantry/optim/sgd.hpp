#pragma once
#include <gantry/optim/optimizer.hpp>
#include <gantry/optim/schedules.hpp>

#include <optional>
#include <vector>

namespace gantry {

struct SgdOptions {
    double learning_rate = 1e-2;
    double momentum = 0, dampening = 0;
    double weight_decay = 0;  ///< weight_decay w is added to the gradient
    bool nesterov = false;
    std::optional<ExponentialDecay> decay = {};            ///< of the learning rate
    std::optional<LinearMomentum> momentum_schedule = {};  ///< instead of `momentum`
};

/// Calls f(name, value) for each option, for a checkpoint.
template <class F>
void for_each_option(SgdOptions& options, const F& f) {
    auto& [learning_rate, momentum, dampening, weight_decay, nesterov, decay, momentum_schedule] = options;
    f("learning_rate", learning_rate);
    f("momentum", momentum);
    f("dampening", dampening);
    f("weight_decay", weight_decay);
    f("nesterov", nesterov);
    if (decay) {
        auto& [factor, minimum] = *decay;
        f("decay.factor", factor);
        f("decay.minimum", minimum);
    }
    if (momentum_schedule) {
        auto& [from, to, begin, end] = *momentum_schedule;
        f("momentum_schedule.from", from);
        f("momentum_schedule.to", to);
        f("momentum_schedule.begin", begin);
        f("momentum_schedule.end", end);
    }
}

/// g' = g + weight_decay w; v = momentum v + (1 - dampening) g', on the first step v = g';
/// w -= learning_rate (nesterov ? g' + momentum v : v).
template <class T>
struct SgdUpdate {
    using scalar = T;
    static constexpr const char* name = "sgd";
    static constexpr int moments = 1;
    T rate, momentum, gain, decay;
    bool has_momentum, nesterov, first_step;

    SgdUpdate(const SgdOptions& options, double learning_rate, double momentum_now, bool is_first_step)
        : rate(static_cast<T>(learning_rate)),
          momentum(static_cast<T>(momentum_now)),
          gain(static_cast<T>(1 - options.dampening)),
          decay(static_cast<T>(options.weight_decay)),
          has_momentum(options.momentum > 0 || options.momentum_schedule),
          nesterov(options.nesterov),
          first_step(is_first_step) {}

    template <class V>
    GANTRY_HOST_DEVICE void operator()(V gradient, V& w, V& velocity) const {
        const V g = gradient + decay * w;
        V step = g;
        if (has_momentum) {
            velocity = first_step ? g : momentum * velocity + gain * g;
            step = nesterov ? g + momentum * velocity : velocity;
        }
        w = w - rate * step;
    }
};

/// Stochastic gradient descent with PyTorch's arithmetic: the velocity is a sum of gradients, and the rate of
/// the moment multiplies all of it. (pylearn2 and Sutskever et al. 2013 sum gradients times the rate of
/// theirs; with a constant rate both are the same.)
template <class Net>
class Sgd : public Optimizer<Net, SgdOptions> {
public:
    using typename Optimizer<Net, SgdOptions>::scalar;
    using typename Optimizer<Net, SgdOptions>::device_type;

    /// Errors: options out of range; Nesterov's momentum with dampening or without momentum; a schedule
    /// beside a momentum.
    explicit Sgd(Net& network, const SgdOptions& options = {})
        : Optimizer<Net, SgdOptions>(network, "Sgd", options) {
        check(options);
    }

    /// Errors: options out of range; others than those that the optimizer was made for.
    void check(const SgdOptions& options) const {
        this->check_at_least_zero("learning_rate", options.learning_rate);
        this->check_below_one("momentum", options.momentum);
        this->check_below_one("dampening", options.dampening);
        this->check_at_least_zero("weight_decay", options.weight_decay);
        if (options.nesterov && (!has_momentum(options) || options.dampening > 0))
            fail(this->name(), "nesterov needs a momentum and no dampening");
        if (options.decay) {
            this->check_at_least_zero("decay.minimum", options.decay->minimum);
            if (!(options.decay->factor >= 1)) {
                this->fail_option("decay.factor", "must be at least 1: the rate is divided by it",
                                  options.decay->factor);
            }
        }
        if (const auto& schedule = options.momentum_schedule) {
            if (options.momentum > 0) fail(this->name(), "give momentum or momentum_schedule, not both");
            this->check_below_one("momentum_schedule.from", schedule->from);
            this->check_below_one("momentum_schedule.to", schedule->to);
            if (schedule->end <= schedule->begin)
                fail(this->name(), "momentum_schedule must end after it begins", "begin ", schedule->begin,
                     ", end ", schedule->end);
        }
        if (has_momentum(options) != has_momentum(this->options()))
            fail(this->name(), "whether there is a momentum must stay as the optimizer was made");
    }
    /// From the next step on. Errors: see check.
    void set_options(const SgdOptions& options) {
        check(options);
        this->assign_options(options);
    }

    /// Errors: gradients of another network, or stale ones.
    void step(const Gradients<Net>& gradients) {
        this->update(gradients,
                     SgdUpdate<scalar>(this->options(), current_learning_rate(), current_momentum(),
                                       this->updates() == 0),
                     velocity_);
    }
    /// What the next step takes.
    double current_learning_rate() const {
        const auto& decay = this->options().decay;
        return decay ? (*decay)(this->learning_rate(), this->updates()) : this->learning_rate();
    }
    double current_momentum() const {
        const auto& schedule = this->options().momentum_schedule;
        return schedule ? (*schedule)(this->updates()) : this->options().momentum;
    }
    std::vector<NamedBuffer<scalar, device_type>> buffers() {
        if (velocity_.size() == 0) return {};
        return {{"momentum_buffer", &velocity_}};
    }

private:
    static bool has_momentum(const SgdOptions& options) {
        return options.momentum > 0 || options.momentum_schedule;
    }
    Buffer<scalar, device_type> velocity_ = this->moment(has_momentum(this->options()));
};

}  // namespace gantry
