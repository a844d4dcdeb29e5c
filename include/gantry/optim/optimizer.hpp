#pragma once
#include <gantry/contracts/optimizers.hpp>
#include <gantry/core/buffer.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/math.hpp>
#include <gantry/network/network.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace gantry::optim {

/// A named buffer of an optimizer's state, for checkpoints: one element per parameter of the network, in the
/// same order.
template <class T, class D>
struct NamedBuffer {
    std::string_view name;       ///< PyTorch's name, if it has one
    core::Buffer<T, D>* buffer;  ///< the optimizer owns it
};

// clang-format off
/// Base of all optimizers: the network that it updates, its options and the number of updates. Each optimizer
/// adds
///     void step(const Gradients<Net>&)               one update of all parameters, in one pass over memory
///     std::vector<NamedBuffer<...>> buffers()        its moments
///     void check(const Options&) const               errors: invalid options
///     void set_options(const Options&)               takes effect from the next step
/// and, next to its option struct,
///     void for_each_option(Options&, const F& f)     calls f(name, value) for each option
/// options(), updates() and buffers() are its whole state: a run that saves and restores them continues bit
/// for bit. The network must outlive it.
// clang-format on
template <class Net, class OptionsType>
class Optimizer {
    static_assert(layers::AnyNetwork<Net>,
                  "gantry: an optimizer takes a network, not its architecture: Adam optimizer{network}, or "
                  "Adam<Network<Architecture, Cpu>>");

public:
    using scalar = typename Net::scalar;            ///< of the network's parameters
    using device_type = typename Net::device_type;  ///< the network's
    using Options = OptionsType;                    ///< the optimizer's option struct

    Optimizer(const Optimizer&) = delete;
    Optimizer& operator=(const Optimizer&) = delete;

    /// "Adam"
    std::string_view name() const { return name_; }
    /// The options for the next update, before any schedule.
    const Options& options() const { return options_; }
    /// The configured learning rate, before any schedule.
    double learning_rate() const { return options_.learning_rate; }
    /// Takes effect from the next step. Errors: a rate that is negative or not finite.
    void set_learning_rate(double rate) {
        check_at_least_zero("learning_rate", rate);
        options_.learning_rate = rate;
    }
    /// Number of updates so far.
    std::uint64_t updates() const { return updates_; }
    /// Restores the number of updates from a checkpoint, along with options and buffers.
    void set_updates(std::uint64_t updates) { updates_ = updates; }

protected:
    /// `name` appears in errors and checkpoints. Derived classes check the options.
    Optimizer(Net& network, std::string_view name, const Options& options)
        : network_(network), watch_(network.watch()), name_(name), options_(options) {}
    ~Optimizer() = default;
    /// Takes effect from the next step. Derived classes check the options first.
    void assign_options(const Options& options) { options_ = options; }

    /// One update of all parameters by the formula `f` with its moments, in the order of its arguments.
    /// Errors: gradients of another network, stale ones, or ones that were applied before.
    template <class F, class... Moments>
    void update(const Gradients<Net>& gradients, const F& f, Moments&... moments) {
        const scalar* const g = gradients.data();
        if (gradients.watch != watch_) fail(name_, "the gradients must be those of the optimizer's network");
        if (gradients.number <= network_.applied_gradients())
            fail(name_, "gradients can be applied only once: call backward again for another update");
        const auto turn = network_.device().turn();
        core::Buffer<scalar, device_type>& weights = network_.parameters();
        launch(network_.device(),
               contracts::UpdateParameters<F>{f, weights.size(), weights.data(), g, {moments.data()...}});
        network_.applied_gradients() = gradients.number;
        network_.parameters_overwritten();
        ++updates_;
    }
    /// A zeroed buffer with an element per parameter, or an empty one if not `wanted`.
    core::Buffer<scalar, device_type> moment(bool wanted = true) const {
        return {network_.device(), wanted ? network_.parameters().size() : 0};
    }

    /// Errors: a value that is negative or not finite.
    void check_at_least_zero(std::string_view option, double value) const {
        if (!math::is_finite(value) || value < 0) fail_option(option, "must be finite and at least 0", value);
    }
    /// Errors: a value outside [0, 1).
    void check_below_one(std::string_view option, double value) const {
        if (math::is_nan(value) || value < 0 || value >= 1) fail_option(option, "must be in [0, 1)", value);
    }
    /// Throws an Error: the option's name, the rule and the value.
    [[noreturn]] void fail_option(std::string_view option, std::string_view rule, double value) const {
        fail(name_, std::string(option) + " " + std::string(rule), value);
    }

private:
    Net& network_;
    core::Lifetime::Watch watch_;  ///< identifies the network
    std::string_view name_;
    Options options_;
    std::uint64_t updates_ = 0;
};

/// True if O is made from Optimizer for another network than Net.
template <class O, class Net>
concept OfAnotherNetwork =
    requires { typename O::Options; } && !std::is_base_of_v<Optimizer<Net, typename O::Options>, O>;

/// An optimizer of the network type Net: a class with step(gradients), whether it derives from Optimizer or
/// not.
template <class O, class Net>
concept OptimizerOf = !OfAnotherNetwork<O, Net> &&
                      requires(O& optimizer, const Gradients<Net>& gradients) { optimizer.step(gradients); };

}  // namespace gantry::optim
