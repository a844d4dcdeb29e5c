#pragma once
#include <gantry/optim/optimizer.hpp>
#include <gantry/optim/schedules.hpp>

#include <optional>
#include <vector>

namespace gantry {

/// Options of Sgd, with PyTorch's names and pylearn2's schedules. One update of weights w with gradient g,
/// elementwise:
///     g' = g + weight_decay w
///     without momentum: w -= learning_rate g'
///     v = momentum v + (1 - dampening) g'; first update: v = g'
///     w -= learning_rate (nesterov ? g' + momentum v : v)
/// Source: Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
/// learning" (2013), section 2, in PyTorch's form: see Sgd.
struct SgdOptions {
    double learning_rate = 1e-2;                 ///< finite, >= 0
    double momentum = 0, dampening = 0;          ///< in [0, 1); momentum = 0: no velocity v
    double weight_decay = 0;                     ///< L2 penalty, added to the gradient; finite, >= 0
    bool nesterov = false;                       ///< requires momentum and dampening = 0
    std::optional<ExponentialDecay> decay = {};  ///< schedule of the learning rate
    /// Replaces `momentum`, which must then be 0.
    std::optional<LinearMomentum> momentum_schedule = {};

    /// True if updates keep a velocity.
    bool has_momentum() const { return momentum > 0 || momentum_schedule; }
};

/// Calls f(name, value) for each option; checkpoints use it.
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

namespace optim {
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
          has_momentum(options.has_momentum()),
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
}  // namespace optim

/// Stochastic gradient descent with PyTorch's arithmetic; see SgdOptions for the formula. The velocity sums
/// gradients, and the current learning rate multiplies all of it. pylearn2 and Sutskever et al. (2013) sum
/// gradients times the learning rate of their update instead; for a constant rate the two are equivalent.
template <class Net>
class Sgd : public optim::Optimizer<Net, SgdOptions> {
public:
    using typename optim::Optimizer<Net, SgdOptions>::scalar;
    using typename optim::Optimizer<Net, SgdOptions>::device_type;

    /// The network must outlive it. Errors: options out of range; nesterov with dampening or without
    /// momentum; both momentum and momentum_schedule.
    explicit Sgd(Net& network, const SgdOptions& options = {})
        : optim::Optimizer<Net, SgdOptions>(network, "Sgd", options) {
        check(options);
    }

    /// Errors: as for the constructor; momentum switched on or off, since the velocity is allocated at
    /// construction.
    void check(const SgdOptions& options) const {
        this->check_at_least_zero("learning_rate", options.learning_rate);
        this->check_below_one("momentum", options.momentum);
        this->check_below_one("dampening", options.dampening);
        this->check_at_least_zero("weight_decay", options.weight_decay);
        if (options.nesterov && (!options.has_momentum() || options.dampening > 0))
            fail(this->name(), "nesterov requires momentum and zero dampening");
        if (options.decay) {
            this->check_at_least_zero("decay.minimum", options.decay->minimum);
            if (!(options.decay->factor >= 1)) {
                this->fail_option("decay.factor", "must be at least 1: the learning rate is divided by it",
                                  options.decay->factor);
            }
        }
        if (const auto& schedule = options.momentum_schedule) {
            if (options.momentum > 0) fail(this->name(), "set momentum or momentum_schedule, not both");
            this->check_below_one("momentum_schedule.from", schedule->from);
            this->check_below_one("momentum_schedule.to", schedule->to);
            if (schedule->end <= schedule->begin)
                fail(this->name(), "momentum_schedule must end after it begins", "begin ", schedule->begin,
                     ", end ", schedule->end);
        }
        if (options.has_momentum() != this->options().has_momentum())
            fail(this->name(), "the use of momentum cannot change after construction");
    }
    /// Takes effect from the next step. Errors: see check.
    void set_options(const SgdOptions& options) {
        check(options);
        this->assign_options(options);
    }

    /// One update. Errors: gradients of another network; stale or already applied gradients.
    void step(const Gradients<Net>& gradients) {
        this->update(
            gradients,
            [&](const SgdOptions& options) {
                return optim::SgdUpdate<scalar>(options, scheduled_rate(options), current_momentum(),
                                                this->updates() == 0);
            },
            velocity_);
    }
    /// The learning rate of the next step, after its schedule.
    double current_learning_rate() const { return scheduled_rate(this->options()); }
    /// The momentum of the next step, after its schedule.
    double current_momentum() const {
        const auto& schedule = this->options().momentum_schedule;
        return schedule ? (*schedule)(this->updates()) : this->options().momentum;
    }
    /// The velocity under PyTorch's name, or nothing without momentum.
    std::vector<optim::NamedBuffer<scalar, device_type>> buffers() {
        if (velocity_.size() == 0) return {};
        return {{"momentum_buffer", &velocity_}};
    }

private:
    double scheduled_rate(const SgdOptions& options) const {
        return options.decay ? (*options.decay)(options.learning_rate, this->updates())
                             : options.learning_rate;
    }
    core::Buffer<scalar, device_type> velocity_ = this->moment(this->options().has_momentum());
};

}  // namespace gantry
