// Initial values that network structs declare for their members.
#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/gantry.hpp>

#include <array>
#include <string>
#include <vector>

namespace gantry::test {
namespace {

struct Inner {
    Dense<2, 3> first;
    Dense<3, 2> second;

    auto operator()(const auto& x) const { return second(first(x)); }
    void initialize(const auto& set) const {
        set(first, Role::weight, Constant{1});
        set(second, Role::weight, Constant{2});
        set(second, Role::bias, Constant{3});
    }
};
struct Middle {
    Dense<2, 2> before;
    Inner inner;

    auto operator()(const auto& x) const { return inner(before(x)); }
    void initialize(const auto& set) const { set(inner.second, Role::weight, Constant{4}); }
};
/// Structs in structs, arrays and containers, and values for whole members.
struct Outer {
    using Input = Shape<Batch, 2>;
    Dense<2, 2> plain;
    std::array<Inner, 2> two;
    Sequential<Dense<2, 2>, Middle, Tanh, Inner> chain;
    Sequential<Dense<2, 8>, Reshape<2, 2, 2>,
               PoolUnpool2d<Pool2dOptions{.size = 2}, Tanh, Flatten, Inner, Reshape<1, 1, 2>>>
        pooled;
    std::array<Inner, 2> same;
    Embedding<3, 2> table;

    auto operator()(const auto& x) const { return same[1](same[0](chain(two[1](two[0](plain(x)))))); }
    void initialize(const auto& set) const {
        set(same, Role::weight, Constant{7});
        set(table, Role::embedding, Constant{8});
    }
};
struct WithoutRole {
    Dense<2, 2> dense;

    auto operator()(const auto& x) const { return dense(x); }
    void initialize(const auto& set) const { set(dense, Role::scale, Constant{1}); }
};
struct WithNoise {
    Dense<2, 2> dense;

    auto operator()(const auto& x) const { return dense(x); }
    void initialize(const auto& set) const { set(dense, Role::weight, Normal{}); }
};

}  // namespace

TEMPLATE_TEST_CASE("structs declare initial values of their members", "[init]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Outer, TestType> network{device, Seed{1}};
    const auto is = [&](const std::string& name, float number) {
        CAPTURE(name);
        const auto all = network.parameter(name).to_host();
        CHECK(all == std::vector<float>(all.size(), number));
    };
    const auto is_random = [&](const std::string& name) {
        CAPTURE(name);
        const auto all = network.parameter(name).to_host();
        CHECK(all != std::vector<float>(all.size(), all[0]));
    };
    for (const std::string inner : {"two.0.", "two.1.", "chain.3.", "pooled.2.2."}) {
        is(inner + "first.weight", 1);
        is_random(inner + "first.bias");
        is(inner + "second.weight", 2);
        is(inner + "second.bias", 3);
    }
    is("chain.1.inner.first.weight", 1);
    is("chain.1.inner.second.weight", 4);
    is("chain.1.inner.second.bias", 3);
    for (const std::string inner : {"same.0.", "same.1."}) {
        is(inner + "first.weight", 7);
        is(inner + "second.weight", 7);
        is(inner + "second.bias", 3);
    }
    is("table.weight", 8);
    for (const std::string name : {"plain", "chain.0", "chain.1.before", "pooled.0"})
        is_random(name + ".weight");

    // A later initialiser replaces them; they can be set again.
    RandomStream stream(Seed{2}, "test");
    initialize(network, Role::weight, Constant{0}, stream);
    is("two.0.first.weight", 0);
    initialize_as_declared(network, stream);
    is("two.0.first.weight", 1);
    is("plain.weight", 0);
}

TEST_CASE("declared initial values follow the seed, and name a role that is missing", "[init]") {
    EigenCpu device;
    const auto weight = [&](Seed seed) {
        return Network<WithNoise, EigenCpu>{device, seed}.parameter("dense.weight").to_host();
    };
    CHECK(weight(Seed{1}) == weight(Seed{1}));
    CHECK(weight(Seed{1}) != weight(Seed{2}));
    using Missing = Network<WithoutRole, EigenCpu>;
    CHECK_THROWS_WITH(Missing(device, Seed{1}),
                      "[initialize] a member has no parameter of the role that its struct initialises");
}

}  // namespace gantry::test
