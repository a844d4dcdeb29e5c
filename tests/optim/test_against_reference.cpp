// Compares every optimizer with PyTorch, update by update: see make_reference.py.
#include <gantry/cpu/cpu.hpp>
#include <gantry/optim/adam.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

#include <cmath>

#include <optim/small_network.hpp>
#include <support/catch.hpp>
#include <support/devices.hpp>
#include <support/numbers.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

/// The largest error of a parameter, relative to 1 + |reference|, over all updates. `before_update(optimizer,
/// update)` may change the learning rate.
template <template <AnyNetwork> class Optimizer, class T = double, class D, class Options, class F>
double difference(D& device, const Options& options, const ReferenceTable& expected, const F& before_update) {
    ReferenceNetwork<D, T> network(device);
    Optimizer<SmallNetwork<D, T>> optimizer(network, options);
    double largest = 0;
    for (std::size_t update = 0; update < reference_updates; ++update) {
        before_update(optimizer, update);
        optimizer.step(network.gradients_of_update(update));
        REQUIRE(optimizer.updates() == update + 1);
        const auto got = network.parameters().to_host(), want = repeated<T>(expected[update]);
        for (std::size_t i = 0; i < got.size(); ++i) {
            REQUIRE(std::isfinite(got[i]));
            largest = std::fmax(largest, std::abs(got[i] - want[i]) / (1 + std::abs(want[i])));
        }
    }
    return largest;
}
template <template <AnyNetwork> class Optimizer, class T = double, class D, class Options>
double difference(D& device, const Options& options, const ReferenceTable& expected) {
    return difference<Optimizer, T>(device, options, expected, [](auto&, std::size_t) {});
}

const auto rate_changes = [](auto& optimizer, std::size_t update) {
    if (update == 5) optimizer.set_learning_rate(0.03);
};

}  // namespace

TEMPLATE_TEST_CASE("Sgd matches PyTorch's steps", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    const auto check = [&](const SgdOptions& options, const ReferenceTable& expected) {
        return difference<Sgd>(device, options, expected);
    };
    using namespace reference_weights;
    CHECK(check({.learning_rate = 0.1}, sgd) < tolerance<double>);
    CHECK(check({.learning_rate = 0.1, .weight_decay = 0.2}, sgd_weight_decay) < tolerance<double>);
    CHECK(check({.learning_rate = 0.1, .momentum = 0.9}, sgd_momentum) < tolerance<double>);
    CHECK(check({.learning_rate = 0.1, .momentum = 0.9, .dampening = 0.4, .weight_decay = 0.2},
                sgd_dampening) < tolerance<double>);
    CHECK(check({.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.2, .nesterov = true},
                sgd_nesterov) < tolerance<double>);
    CHECK(check({.learning_rate = 0.1,
                 .decay = ExponentialDecay{.factor = 1.5, .minimum = 0.01},
                 .momentum_schedule = LinearMomentum{.from = 0.5, .to = 0.7, .begin = 2, .end = 8}},
                sgd_schedules) < tolerance<double>);
    CHECK(difference<Sgd>(device, SgdOptions{.learning_rate = 0.1, .momentum = 0.9}, sgd_rate_changes,
                          rate_changes) < tolerance<double>);
}

TEMPLATE_TEST_CASE("Adam matches PyTorch's steps", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    const auto check = [&](const AdamOptions& options, const ReferenceTable& expected) {
        return difference<Adam>(device, options, expected);
    };
    using namespace reference_weights;
    CHECK(check({.learning_rate = 0.1}, adam) < tolerance<double>);
    CHECK(check({.learning_rate = 2e-2, .beta1 = 0.5, .beta2 = 0.99, .epsilon = 1e-3}, adam_gan) <
          tolerance<double>);
    CHECK(check({.learning_rate = 0.1, .weight_decay = 0.2}, adam_weight_decay) < tolerance<double>);
    CHECK(difference<Adam>(device, AdamOptions{.learning_rate = 0.1, .beta1 = 0, .beta2 = 0.9},
                           adam_rate_changes, rate_changes) < tolerance<double>);
}

TEMPLATE_TEST_CASE("AdamW matches PyTorch's steps", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    using namespace reference_weights;
    CHECK(difference<AdamW>(device, AdamWOptions{.learning_rate = 0.1}, adam_w) < tolerance<double>);
    CHECK(difference<AdamW>(
              device, AdamWOptions{.learning_rate = 0.1, .beta1 = 0.5, .beta2 = 0.99, .weight_decay = 0.2},
              adam_w_weight_decay) < tolerance<double>);
}

TEMPLATE_TEST_CASE("OptimisticAdam matches the paper's steps", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    using namespace reference_weights;
    CHECK(difference<OptimisticAdam>(device, AdamOptions{.learning_rate = 0.1, .beta1 = 0.5, .beta2 = 0.9},
                                     optimistic_adam) < tolerance<double>);
    CHECK(difference<OptimisticAdam>(
              device, AdamOptions{.learning_rate = 0.1, .beta2 = 0.99, .epsilon = 1e-3, .weight_decay = 0.2},
              optimistic_adam_weight_decay) < tolerance<double>);
}

TEMPLATE_TEST_CASE("RmsProp matches PyTorch's steps", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    const auto check = [&](const RmsPropOptions& options, const ReferenceTable& expected) {
        return difference<RmsProp>(device, options, expected);
    };
    using namespace reference_weights;
    CHECK(check({}, rms_prop) < tolerance<double>);
    CHECK(check({.alpha = 0.9, .epsilon = 1e-3, .weight_decay = 0.2}, rms_prop_weight_decay) <
          tolerance<double>);
    CHECK(check({.centered = true}, rms_prop_centered) < tolerance<double>);
    CHECK(check({.momentum = 0.9}, rms_prop_momentum) < tolerance<double>);
    CHECK(check({.alpha = 0.9, .weight_decay = 0.2, .momentum = 0.5, .centered = true},
                rms_prop_centered_momentum) < tolerance<double>);
}

TEMPLATE_TEST_CASE("An optimizer's steps in float are the rounded steps in double", "[optim]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    CHECK(difference<Sgd, float>(device, SgdOptions{.learning_rate = 0.1, .momentum = 0.9},
                                 reference_weights::sgd_momentum) < tolerance<float>);
    CHECK(difference<Adam, float>(device, AdamOptions{.learning_rate = 0.1}, reference_weights::adam) <
          tolerance<float>);
    CHECK(difference<RmsProp, float>(device, RmsPropOptions{}, reference_weights::rms_prop) <
          tolerance<float>);
}
