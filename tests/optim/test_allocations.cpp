// An optimizer's step does not allocate.
#include <gantry/cpu/cpu.hpp>
#include <gantry/ops/losses.hpp>
#include <gantry/optim/adam.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

#include <cstddef>

#include <optim/small_network.hpp>
#include <support/catch.hpp>
#include <support/count_allocations.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {
/// Allocations of several training steps, except the first.
template <class Net, class Optimizer>
std::size_t allocations_of(Net& network, Optimizer& optimizer) {
    std::size_t before = 0;
    for (int i = 0; i < 5; ++i) {
        if (i == 1) before = allocations;
        Step step{network.device()};
        const auto x = filled<Shape<Batch, 6>>(network.device(), 4, 0.5);
        optimizer.step(backward(mean(network(x)), network));
    }
    return allocations - before;
}
}  // namespace

TEST_CASE("A training step allocates nothing, with every optimizer", "[optim]") {
    Cpu device;
    SmallNetwork<Cpu, float> network{device, Seed{1}};
    {
        const std::size_t before = allocations;
        const core::Buffer<float, Cpu> buffer(device, 10);
        REQUIRE((allocations > before || !counts_allocations));  // checks the counter
    }
    Sgd sgd{network, {.momentum = 0.5, .decay = ExponentialDecay{}}};
    CHECK(allocations_of(network, sgd) == 0);
    Adam adam{network};
    CHECK(allocations_of(network, adam) == 0);
    AdamW adam_w{network};
    CHECK(allocations_of(network, adam_w) == 0);
    OptimisticAdam optimistic_adam{network};
    CHECK(allocations_of(network, optimistic_adam) == 0);
    Lion lion{network};
    CHECK(allocations_of(network, lion) == 0);
    RmsProp rms_prop{network, {.momentum = 0.5, .centered = true}};
    CHECK(allocations_of(network, rms_prop) == 0);
}
