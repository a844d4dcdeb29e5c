#include <gantry/cpu/cpu.hpp>
#include <gantry/optim/adam.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <optim/small_network.hpp>
#include <support/catch.hpp>
#include <support/devices.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

using Net = SmallNetwork<EigenCpu>;

/// Compares six updates in one run with the same when all state is copied to a new optimizer after three, as
/// by a checkpoint.
template <template <class> class Optimizer, class D, class Options>
bool resumes(D& device, const Options& options) {
    const auto go_on = [](auto& network, auto& optimizer, std::size_t from, std::size_t to) {
        for (std::size_t update = from; update < to; ++update)
            optimizer.step(network.gradients_of_update(update));
    };
    ReferenceNetwork<D> whole(device), parts(device);
    Optimizer<SmallNetwork<D>> of_whole(whole, options), first(parts, options), second(parts, options);
    go_on(whole, of_whole, 0, 6);
    go_on(parts, first, 0, 3);
    auto from = first.buffers(), to = second.buffers();
    REQUIRE(from.size() == to.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
        REQUIRE(from[i].name == to[i].name);
        to[i].buffer->from_host(from[i].buffer->to_host());
    }
    second.set_updates(first.updates());
    go_on(parts, second, 3, 6);
    return whole.parameters().to_host() == parts.parameters().to_host();
}

template <class Optimizer>
std::vector<std::string> names(Optimizer& optimizer) {
    std::vector<std::string> all;
    for (const auto& buffer : optimizer.buffers()) all.emplace_back(buffer.name);
    return all;
}

}  // namespace

TEMPLATE_TEST_CASE("An optimizer continues from saved state bit for bit", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    CHECK(resumes<Sgd>(device, SgdOptions{}));
    CHECK(resumes<Sgd>(device, SgdOptions{.nesterov = true,
                                          .decay = ExponentialDecay{.factor = 1.5},
                                          .momentum_schedule =
                                              LinearMomentum{.from = 0.5, .to = 0.9, .begin = 1, .end = 5}}));
    CHECK(resumes<Adam>(device, AdamOptions{}));
    CHECK(resumes<AdamW>(device, AdamWOptions{}));
    CHECK(resumes<OptimisticAdam>(device, AdamOptions{}));
    CHECK(resumes<Lion>(device, LionOptions{}));
    CHECK(resumes<RmsProp>(device, RmsPropOptions{.momentum = 0.5, .centered = true}));
}

TEST_CASE("An optimizer's buffers have PyTorch's names", "[optim]") {
    EigenCpu device;
    Net network{device, Seed{1}};
    using Names = std::vector<std::string>;
    Sgd plain{network}, with_momentum{network, {.momentum = 0.5}};
    CHECK(names(plain).empty());
    CHECK(names(with_momentum) == Names{"momentum_buffer"});
    Adam adam{network};
    CHECK(names(adam) == Names{"exp_avg", "exp_avg_sq"});
    OptimisticAdam optimistic{network};
    CHECK(names(optimistic) == Names{"exp_avg", "exp_avg_sq", "previous_update"});
    Lion lion{network};
    CHECK(names(lion) == Names{"exp_avg"});
    RmsProp rms_prop{network}, centered{network, {.momentum = 0.5, .centered = true}};
    CHECK(names(rms_prop) == Names{"square_avg"});
    CHECK(names(centered) == Names{"square_avg", "grad_avg", "momentum_buffer"});
    for (const auto& buffer : centered.buffers()) CHECK(buffer.buffer->size() == Net::parameter_count);
}

TEST_CASE("Schedules match their closed forms", "[optim]") {
    const ExponentialDecay decay{.factor = 1.000004, .minimum = 1e-6};
    CHECK(decay(0.1, 0) == 0.1);
    CHECK(std::abs(decay(0.1, 100'000) - 0.1 * std::exp(-100'000 * std::log(1.000004))) < 1e-12);
    CHECK(decay(0.1, 2'000'000) > 1e-6);
    CHECK(decay(0.1, 4'000'000) == 1e-6);

    const LinearMomentum momentum{.from = 0.5, .to = 0.7, .begin = 500, .end = 125'000};
    CHECK(momentum(0) == 0.5);
    CHECK(momentum(500) == 0.5);
    CHECK(std::abs(momentum(62'750) - 0.6) < 1e-15);
    CHECK(momentum(125'000) == 0.7);
    CHECK(momentum(1'000'000) == 0.7);
}

TEST_CASE("Sgd takes rate and momentum from its schedules", "[optim]") {
    EigenCpu device;
    Net network{device, Seed{1}};
    Sgd optimizer{network,
                  {.learning_rate = 0.1,
                   .decay = ExponentialDecay{.factor = 2, .minimum = 0.02},
                   .momentum_schedule = LinearMomentum{.from = 0.5, .to = 0.7, .begin = 0, .end = 4}}};
    CHECK(optimizer.current_learning_rate() == 0.1);
    CHECK(optimizer.current_momentum() == 0.5);
    optimizer.set_updates(2);
    CHECK(optimizer.learning_rate() == 0.1);
    CHECK(std::abs(optimizer.current_learning_rate() - 0.025) < 1e-15);
    CHECK(std::abs(optimizer.current_momentum() - 0.6) < 1e-15);
    optimizer.set_learning_rate(0.05);
    CHECK(optimizer.current_learning_rate() == 0.02);
}

TEMPLATE_TEST_CASE("Centered RmsProp stays finite for a constant gradient", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<Dense<100, 100>>, TestType> network{device, Seed{1}};
    // E[g^2] - E[g]^2 is 0 except for rounding errors, which make it negative about half of the time.
    RmsProp optimizer{network, {.learning_rate = 1e-6, .alpha = 0.5, .centered = true}};
    network.gradients().from_host(network.parameters().to_host());
    for (int i = 0; i < 500; ++i) optimizer.step({&network, network.backward_passes()});
    bool finite = true;
    for (const float w : network.parameters().to_host()) finite = finite && std::isfinite(w);
    CHECK(finite);
}
