#include <gantry/cpu/cpu.hpp>
#include <gantry/ops/losses.hpp>
#include <gantry/optim/adam.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

#include <limits>

#include <optim/small_network.hpp>
#include <support/catch.hpp>
#include <support/devices.hpp>

using namespace gantry;
using namespace gantry::test;

TEMPLATE_TEST_CASE("An optimizer rejects gradients that are not its network's latest", "[optim]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    ReferenceNetwork<TestType> network(device), other(device);
    SmallNetwork<TestType>& base = network;
    Sgd optimizer{base};

    SECTION("another network of the same type") {
        REQUIRE_THROWS_WITH(optimizer.step(other.gradients_of_update(0)),
                            contains("[Sgd] the gradients must be those of the optimizer's network"));
    }
    SECTION("stale ones") {
        Step step{device};
        const auto x = filled<Shape<Batch, 6>, double>(device, 2, 0.5);
        const auto loss = mean(network(x));
        const auto stale = backward(loss, base);
        backward(loss, base);
        REQUIRE_THROWS_WITH(optimizer.step(stale), contains("valid until the next backward pass"));
    }
    CHECK(optimizer.updates() == 0);
    CHECK(base.parameters().to_host() == repeated<double>(reference_start));
}

TEMPLATE_TEST_CASE("An update between a forward pass and its backward pass is an error", "[optim]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    SmallNetwork<TestType> network{device, Seed{1}};
    Adam optimizer{network};
    Step step{device};
    const auto x = filled<Shape<Batch, 6>, double>(device, 2, 0.5);
    const auto first = mean(network(x)), second = mean(square(network(x)));
    optimizer.step(backward(first, network));
    REQUIRE_THROWS_WITH(backward(second, network), contains("must not be updated between"));
    // A forward pass after the update is valid.
    const auto third = mean(square(network(x)));
    REQUIRE_NOTHROW(optimizer.step(backward(third, network)));
    CHECK(optimizer.updates() == 2);
}

TEST_CASE("Optimizer options out of range are errors", "[optim]") {
    EigenCpu device;
    SmallNetwork<EigenCpu> network{device, Seed{1}};
    const auto sgd = [&](const SgdOptions& options) { Sgd{network, options}; };
    const auto adam = [&](const AdamOptions& options) { Adam{network, options}; };
    const auto rms_prop = [&](const RmsPropOptions& options) { RmsProp{network, options}; };
    const auto lion = [&](const LionOptions& options) { Lion{network, options}; };

    CHECK_THROWS_WITH(sgd({.learning_rate = -0.1}),
                      "[Sgd] learning_rate must be finite and at least 0; got -0.1");
    CHECK_THROWS_WITH(sgd({.learning_rate = std::numeric_limits<double>::quiet_NaN()}),
                      contains("[Sgd] learning_rate"));
    CHECK_THROWS_WITH(sgd({.learning_rate = std::numeric_limits<double>::infinity()}),
                      contains("[Sgd] learning_rate"));
    CHECK_THROWS_WITH(sgd({.momentum = 1}), "[Sgd] momentum must be in [0, 1); got 1");
    CHECK_THROWS_WITH(sgd({.momentum = 0.5, .dampening = -1}), contains("dampening must be in [0, 1)"));
    CHECK_THROWS_WITH(sgd({.weight_decay = -1}), contains("weight_decay must be finite and at least 0"));
    CHECK_THROWS_WITH(sgd({.nesterov = true}), "[Sgd] nesterov requires momentum and zero dampening");
    CHECK_THROWS_WITH(sgd({.momentum = 0.5, .dampening = 0.1, .nesterov = true}), contains("zero dampening"));
    CHECK_THROWS_WITH(sgd({.decay = ExponentialDecay{.factor = 0.9}}), contains("decay.factor"));
    CHECK_THROWS_WITH(sgd({.decay = ExponentialDecay{.minimum = -1}}), contains("decay.minimum"));
    CHECK_THROWS_WITH(sgd({.momentum = 0.5, .momentum_schedule = LinearMomentum{}}), contains("not both"));
    CHECK_THROWS_WITH(sgd({.momentum_schedule = LinearMomentum{.to = 1.5}}),
                      contains("momentum_schedule.to must be in [0, 1)"));
    CHECK_THROWS_WITH(sgd({.momentum_schedule = LinearMomentum{.begin = 5, .end = 5}}),
                      "[Sgd] momentum_schedule must end after it begins; got begin 5, end 5");

    CHECK_THROWS_WITH(adam({.beta1 = 1}), "[Adam] beta1 must be in [0, 1); got 1");
    CHECK_THROWS_WITH(adam({.beta2 = -0.1}), contains("beta2 must be in [0, 1)"));
    CHECK_THROWS_WITH(adam({.epsilon = -1}), contains("epsilon"));
    CHECK_THROWS_WITH(adam({.weight_decay = -1}), contains("weight_decay"));
    CHECK_THROWS_WITH((AdamW{network, {.beta1 = 2}}), contains("[AdamW] beta1"));
    CHECK_THROWS_WITH((OptimisticAdam{network, {.beta1 = 2}}), contains("[OptimisticAdam] beta1"));

    CHECK_THROWS_WITH(lion({.beta1 = 1}), "[Lion] beta1 must be in [0, 1); got 1");
    CHECK_THROWS_WITH(lion({.beta2 = -1}), contains("beta2"));
    CHECK_THROWS_WITH(lion({.weight_decay = -1}), contains("weight_decay"));
    CHECK_THROWS_WITH(rms_prop({.alpha = 1}), "[RmsProp] alpha must be in [0, 1); got 1");
    CHECK_THROWS_WITH(rms_prop({.epsilon = -1}), contains("epsilon"));
    CHECK_THROWS_WITH(rms_prop({.momentum = 1}), contains("momentum"));

    Adam optimizer{network};
    CHECK_THROWS_WITH(optimizer.set_learning_rate(-1), contains("[Adam] learning_rate"));
    CHECK(optimizer.learning_rate() == 1e-3);
}
