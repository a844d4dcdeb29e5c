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

namespace gantry {

/// A buffer of an optimizer's state as a checkpoint sees it: numbers in the order of the network's
/// parameters.
template <class T, class D>
struct NamedBuffer {
    std::string_view name;  ///< PyTorch's where it has one
    Buffer<T, D>* buffer;
};

/// What all optimizers have in common: the network that they update, their options and the number of updates.
/// Each optimizer adds
///     void step(const Gradients<Net>&)                 one update of all parameters, in one pass over memory
///     std::vector<NamedBuffer<...>> buffers()          its moments
///     void check(const Options&) const                 Errors: options that it cannot take
///     void set_options(const Options&)                 from the next step on
/// and beside its options
///     void for_each_option(Options&, const F& f)       f(name, value) for each of them
/// Its whole state are options(), updates() and buffers(): saved and set again, it goes on bit for bit. The
/// network must outlive it.
template <class Net, class OptionsType>
class Optimizer {
public:
    using scalar = typename Net::scalar;
    using device_type = typename Net::device_type;
    using Options = OptionsType;

    Optimizer(const Optimizer&) = delete;
    Optimizer& operator=(const Optimizer&) = delete;

    /// "Adam"
    std::string_view name() const { return name_; }
    /// As they apply to the next update, before any schedule.
    const Options& options() const { return options_; }
    /// The rate that was set, before any schedule.
    double learning_rate() const { return options_.learning_rate; }
    /// From the next step on. Errors: a rate that is negative or not finite.
    void set_learning_rate(double rate) {
        check_at_least_zero("learning_rate", rate);
        options_.learning_rate = rate;
    }
    /// Updates done so far.
    std::uint64_t updates() const { return updates_; }
    /// For a checkpoint; set options and buffers with it.
    void set_updates(std::uint64_t updates) { updates_ = updates; }

protected:
    /// `name` appears in errors and checkpoints. Derived classes check the options.
    Optimizer(Net& network, std::string_view name, const Options& options)
        : network_(network), watch_(network.watch()), name_(name), options_(options) {}
    ~Optimizer() = default;
    void assign_options(const Options& options) { options_ = options; }

    /// One update of all parameters by the formula `f` with its moments, in the order of its arguments.
    /// Errors: gradients of another network, stale ones, or ones that were applied before.
    template <class F, class... Moments>
    void update(const Gradients<Net>& gradients, const F& f, Moments&... moments) {
        const scalar* const g = gradients.data();
        if (gradients.watch != watch_)
            fail(name_, "the gradients must be those of the network that the optimizer was made for");
        if (gradients.number <= network_.applied_gradients())
            fail(name_, "gradients are applied once: call backward again for another update");
        const auto turn = network_.device().turn();
        const Buffer<scalar, device_type>& weights = network_.parameters();
        launch(network_.device(),
               UpdateParameters<F>{f, weights.size(), weights.data(), g, {moments.data()...}});
        network_.applied_gradients() = gradients.number;
        network_.parameters_overwritten();
        ++updates_;
    }
    /// A buffer like the network's parameters, of zeros; an empty one where it is not `wanted`.
    Buffer<scalar, device_type> moment(bool wanted = true) const {
        return {network_.device(), wanted ? network_.parameters().size() : 0};
    }

    void check_at_least_zero(std::string_view option, double value) const {
        if (!math::is_finite(value) || value < 0) fail_option(option, "must be finite and at least 0", value);
    }
    void check_below_one(std::string_view option, double value) const {
        if (math::is_nan(value) || value < 0 || value >= 1) fail_option(option, "must be in [0, 1)", value);
    }
    [[noreturn]] void fail_option(std::string_view option, std::string_view rule, double value) const {
        fail(name_, std::string(option) + " " + std::string(rule), value);
    }

private:
    Net& network_;
    Lifetime::Watch watch_;  ///< of the network
    std::string_view name_;
    Options options_;
    std::uint64_t updates_ = 0;
};

}  // namespace gantry
