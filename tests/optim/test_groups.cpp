#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace gantry::test {
namespace {

struct Grouped {
    Sequential<Dense<3, 5>, Tanh, Dense<5, 5>> mapping;
    Dense<5, 2> head;

    auto operator()(const auto& x) const { return head(tanh(mapping(x))); }
};
template <class D>
using GroupedNetwork = Network<Grouped, D, double>;

/// The parameters after some updates, for gradients that are always those of the first network.
template <template <class> class Optimizer, class D, class Options, class Configure>
std::vector<double> trained(D& device, const Options& options, const Configure& configure) {
    GroupedNetwork<D> net{device, Seed{1}};
    Optimizer<GroupedNetwork<D>> optimizer{net, options};
    configure(optimizer, net);
    for (std::size_t i = 0; i < 3; ++i) {
        net.gradients().from_host(
            random_numbers<double>(net.parameter_count, "gradients " + std::to_string(i)));
        const Step step{device};
        optimizer.step(Gradients<GroupedNetwork<D>>{&net, net.backward_passes()});
    }
    return net.parameters().to_host();
}

/// A parameter in a group is updated as by an optimizer with the group's options.
template <template <class> class Optimizer, class D, class Options>
void check_groups(const Options& options) {
    D device;
    Options slow = options, free = options;
    slow.learning_rate *= 0.01;
    constexpr bool decays = requires { free.weight_decay; };
    if constexpr (decays) free.weight_decay = 0;
    const auto as_is = [](auto&, auto&) {};
    const auto base = trained<Optimizer>(device, options, as_is),
               of_slow = trained<Optimizer>(device, slow, as_is),
               of_free = trained<Optimizer>(device, free, as_is);
    const auto start = GroupedNetwork<D>{device, Seed{1}}.parameters().to_host();
    const auto grouped = trained<Optimizer>(device, options, [](auto& optimizer, auto&) {
        if constexpr (decays) optimizer.add_group({.role = Role::bias, .weight_decay_factor = 0});
        optimizer.add_group({.part = "mapping.0", .learning_rate_factor = 0.01});
        optimizer.add_group({.part = "mapping.2", .role = Role::weight, .learning_rate_factor = 0});
    });
    for (const auto& info : GroupedNetwork<D>::Architecture::parameters()) {
        CAPTURE(info.name);
        const auto& expected = info.name.starts_with("mapping.0")  ? of_slow
                               : info.name == "mapping.2.weight"   ? start
                               : info.role == Role::bias && decays ? of_free
                                                                   : base;
        for (std::size_t i = info.offset; i < info.offset + info.extents.size(); ++i)
            REQUIRE(grouped[i] == expected[i]);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("groups of parameters have their own options", "[optim]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_groups<Adam, D>(AdamOptions{.learning_rate = 0.01, .weight_decay = 0.1});
    check_groups<AdamW, D>(AdamWOptions{.learning_rate = 0.01, .weight_decay = 0.1});
    check_groups<Sgd, D>(SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.1});
    check_groups<RmsProp, D>(RmsPropOptions{.learning_rate = 0.01, .weight_decay = 0.1});
    check_groups<Lion, D>(LionOptions{.learning_rate = 0.01, .weight_decay = 0.1});
    check_groups<OptimisticAdam, D>(AdamOptions{.learning_rate = 0.01});
}

TEMPLATE_TEST_CASE("invalid groups are errors", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    GroupedNetwork<TestType> net{device, Seed{1}};
    Adam adam{net, {}};
    CHECK_THROWS_WITH(adam.add_group({.part = "mapping.1"}),
                      contains("[Adam] no parameter belongs to the group"));
    CHECK_THROWS_WITH(adam.add_group({.part = "head", .role = Role::scale}),
                      contains("no parameter belongs"));
    CHECK_THROWS_WITH(adam.add_group({.part = "head", .learning_rate_factor = -1}),
                      contains("learning_rate_factor must be finite and at least 0"));
    CHECK(adam.groups().empty());
    adam.add_group({.part = "head", .learning_rate_factor = 2});
    CHECK(adam.groups().size() == 1);
}

}  // namespace gantry::test
