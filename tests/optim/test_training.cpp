#include <gantry/cpu/cpu.hpp>
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/network/network.hpp>
#include <gantry/ops/losses.hpp>
#include <gantry/optim/adam.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

#include <support/catch.hpp>
#include <support/devices.hpp>

using namespace gantry;

TEMPLATE_TEST_CASE("Training lowers the loss, with every optimizer", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    using Trainee = Network<Sequential<Dense<4, 8>, Tanh, Dense<8, 1>>, TestType>;
    const auto last_loss = [&](auto& network, auto& optimizer) {
        RandomStream stream(Seed{7}, "data");
        float last = 0;
        for (int i = 0; i < 200; ++i) {
            Step step{device};
            const auto x = uniform<Shape<Batch, 4>>(device, 16, stream, -1, 1);
            const auto loss = mse(network(x), 0.5);
            optimizer.step(backward(loss, network));
            last = loss.item();
        }
        return last;
    };
    const float enough = 2e-3f;  // about 0.3 before training
    {
        Trainee network{device, Seed{1}};
        Sgd optimizer{network, {.learning_rate = 0.1, .momentum = 0.5}};
        CHECK(last_loss(network, optimizer) < enough);
    }
    {
        Trainee network{device, Seed{1}};
        Adam optimizer{network, {.learning_rate = 1e-2}};
        CHECK(last_loss(network, optimizer) < enough);
    }
    {
        Trainee network{device, Seed{1}};
        AdamW optimizer{network, {.learning_rate = 1e-2}};
        CHECK(last_loss(network, optimizer) < enough);
    }
    {
        Trainee network{device, Seed{1}};
        OptimisticAdam optimizer{network, {.learning_rate = 1e-2}};
        CHECK(last_loss(network, optimizer) < enough);
    }
    {
        Trainee network{device, Seed{1}};
        RmsProp optimizer{network, {.learning_rate = 1e-2}};
        CHECK(last_loss(network, optimizer) < enough);
    }
    {
        Trainee network{device, Seed{1}};
        Lion optimizer{network, {.learning_rate = 2e-3}};
        CHECK(last_loss(network, optimizer) < enough);
    }
}
