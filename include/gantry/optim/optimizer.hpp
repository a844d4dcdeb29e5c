#pragma once
#include <gantry/contracts/optimizers.hpp>
#include <gantry/core/buffer.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/math.hpp>
#include <gantry/network/network.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry::optim {

/// A named buffer of an optimizer's state, for checkpoints: one element per parameter of the network, in the
/// same order.
template <class T, class D>
struct NamedBuffer {
    std::string_view name;       ///< PyTorch's name, if it has one
    core::Buffer<T, D>* buffer;  ///< the optimizer owns it
};

/// Parameters that an optimizer updates with other options: those of a part of the network, those with a
/// role, or those with both.
struct ParameterGroup {
    std::string part = "";            ///< a member or layer: "mapping", "blocks.0"; empty: any
    std::optional<Role> role = {};    ///< such as Role::bias; empty: any
    double learning_rate_factor = 1;  ///< multiplies the learning rate; 0: they stay as they are
    double weight_decay_factor = 1;   ///< multiplies the weight decay

    bool operator==(const ParameterGroup&) const = default;
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
    /// Gives some parameters other options, whatever base options are set later. A parameter in several
    /// groups belongs to the last one. Errors: no parameter belongs to it; a factor that is negative or not
    /// finite; a weight_decay_factor for an optimizer without weight decay.
    ///     adam.add_group({.part = "mapping", .learning_rate_factor = 0.01});
    ///     adam.add_group({.role = Role::bias, .weight_decay_factor = 0});
    void add_group(const ParameterGroup& group) {
        check_at_least_zero("learning_rate_factor", group.learning_rate_factor);
        check_at_least_zero("weight_decay_factor", group.weight_decay_factor);
        if constexpr (!requires { options_.weight_decay; })
            if (group.weight_decay_factor != 1) fail(name_, "there is no weight decay to multiply");
        const auto infos = Net::Architecture::parameters();
        std::vector<std::size_t> of = group_of_;
        of.resize(infos.size(), base);
        bool found = false;
        for (std::size_t i = 0; i < infos.size(); ++i) {
            if (!group.part.empty() && !layers::is_in_part(infos[i].name, group.part)) continue;
            if (group.role && infos[i].role != *group.role) continue;
            of[i] = groups_.size();
            found = true;
        }
        if (!found) fail(name_, "no parameter belongs to the group: check its part and its role", group.part);
        groups_.push_back(group);
        group_of_ = std::move(of);
    }
    /// The groups, in the order in which they were added.
    const std::vector<ParameterGroup>& groups() const { return groups_; }
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

    /// One update of all parameters by the formula formula_of(options) with its moments, in the order of its
    /// arguments. Errors: gradients of another network, stale ones, or ones that were applied before.
    template <class FormulaOf, class... Moments>
    void update(const Gradients<Net>& gradients, const FormulaOf& formula_of, Moments&... moments) {
        const scalar* const g = gradients.data();
        if (gradients.watch != watch_) fail(name_, "the gradients must be those of the optimizer's network");
        if (gradients.number <= network_.applied_gradients())
            fail(name_, "gradients can be applied only once: call backward again for another update");
        const auto turn = network_.device().turn();
        scalar* const w = network_.parameters().data();
        for_each_group([&](std::size_t first, std::size_t size, const Options& options) {
            const auto f = formula_of(options);
            const auto at = [&](auto& moment) { return moment.data() ? moment.data() + first : nullptr; };
            launch(network_.device(), contracts::UpdateParameters<std::remove_const_t<decltype(f)>>{
                                          f, size, w + first, g + first, {at(moments)...}});
        });
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
    static constexpr std::size_t base = std::numeric_limits<std::size_t>::max();  ///< in no group

    /// Calls f(first, size, options) for runs of parameters with the same options; none for frozen
    /// parameters.
    template <class F>
    void for_each_group(const F& f) {
        const auto& places = network_.places();
        for (std::size_t i = 0; i < places.size();) {
            const std::size_t group = group_of(i), first = places[i].offset;
            const bool frozen = places[i].frozen;
            std::size_t end = first;
            for (; i < places.size() && group_of(i) == group && places[i].frozen == frozen; ++i)
                end = places[i].offset + places[i].size;
            if (!frozen) f(first, end - first, options_of(group));
        }
    }
    std::size_t group_of(std::size_t parameter) const {
        return groups_.empty() ? base : group_of_[parameter];
    }
    Options options_of(std::size_t group) const {
        Options options = options_;
        if (group == base) return options;
        options.learning_rate *= groups_[group].learning_rate_factor;
        if constexpr (requires { options.weight_decay; })
            options.weight_decay *= groups_[group].weight_decay_factor;
        return options;
    }

    Net& network_;
    core::Lifetime::Watch watch_;  ///< identifies the network
    std::string_view name_;
    Options options_;
    std::uint64_t updates_ = 0;
    std::vector<ParameterGroup> groups_;
    std::vector<std::size_t> group_of_;  ///< index in groups_ by parameter; empty without groups
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
