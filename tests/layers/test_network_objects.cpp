// Networks as objects: moved, copied into one another, read and written by the names of their parameters.
#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <optional>
#include <utility>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

using Mlp = Sequential<Dense<3, 4>, BatchNorm<4>, LeakyReLU<0.2>, Dense<4, 2>>;

template <class D>
auto input(D& device) {
    return from_host<Shape<Batch, 3>>(device, 5, random_numbers<float>(15, "x"));
}
template <class Net>
std::vector<float> outputs(Net& network) {
    const Step step{network.device()};
    return evaluation(network)(input(network.device())).to_host();
}

}  // namespace

TEMPLATE_TEST_CASE("A moved network computes the same and trains", "", GANTRY_TEST_DEVICES) {
    TestType device;
    std::vector<Network<Mlp, TestType>> networks;
    networks.emplace_back(device, Seed{1});
    const std::vector<float> before = outputs(networks.front());
    for (unsigned seed = 2; seed < 6; ++seed) networks.emplace_back(device, Seed{seed});  // reallocates
    CHECK(outputs(networks.front()) == before);

    Network<Mlp, TestType> network = std::move(networks.front());
    CHECK(outputs(network) == before);
    Adam adam{network, {.learning_rate = 0.1}};
    {
        const Step step{device};
        adam.step(backward(mean(square(network(input(device)))), network));
    }
    CHECK(outputs(network) != before);

    networks[1] = std::move(network);  // what was there is released
    network = Network<Mlp, TestType>(device, Seed{1});
    CHECK(outputs(network) == before);
}

TEMPLATE_TEST_CASE("Handles to a network end when it is moved", "", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Mlp, TestType> network{device, Seed{1}};
    Adam adam{network};
    auto view = evaluation(network);
    auto parameter = network.parameter("0.bias");
    std::optional<Network<Mlp, TestType>> moved;
    {
        const Step step{device};
        const auto loss = mean(square(network(input(device))));
        const auto gradients = backward(loss, network);
        moved.emplace(std::move(network));
        CHECK_THROWS_WITH(adam.step(gradients), contains("destroyed"));
        CHECK_THROWS_WITH(view(input(device)), contains("destroyed or moved"));
        CHECK_THROWS_WITH(parameter.to_host(), contains("destroyed or moved"));
        // The loss was recorded by the network that was moved from; a new pass belongs to the new one.
        CHECK_THROWS_WITH(backward(loss, *moved), contains("must depend on"));
        CHECK_THROWS_WITH(adam.step(backward(mean(square((*moved)(input(device)))), *moved)),
                          contains("those of the optimizer's network"));
        Adam fresh{*moved};
        fresh.step(backward(mean(square((*moved)(input(device)))), *moved));
    }
}

TEMPLATE_TEST_CASE("copy_parameters copies parameters and running statistics", "", GANTRY_TEST_DEVICES) {
    TestType device, other;
    Network<Mlp, TestType> from{device, Seed{1}}, to{device, Seed{2}}, there{other, Seed{3}};
    {
        const Step step{device};
        static_cast<void>(from(input(device)));  // moves the running statistics
    }
    copy_parameters(from, to);
    copy_parameters(from, there);
    CHECK(to.parameters().to_host() == from.parameters().to_host());
    CHECK(to.states().to_host() == from.states().to_host());
    CHECK(outputs(there) == outputs(from));
    {
        // A pass that has read the old values cannot be played back.
        const Step step{device};
        const auto loss = mean(square(to(input(device))));
        copy_parameters(from, to);
        CHECK_THROWS_WITH(backward(loss, to), contains("between a forward pass and its backward"));
    }
    Cpu cpu;
    Network<Mlp, Cpu> on_cpu{cpu, Seed{4}};
    copy_parameters(from, on_cpu);
    CHECK(on_cpu.parameters().to_host() == from.parameters().to_host());
}

TEMPLATE_TEST_CASE("A const network can be evaluated and read", "", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Mlp, TestType> network{device, Seed{1}};
    const Network<Mlp, TestType>& reader = network;
    CHECK(outputs(reader) == outputs(network));
    CHECK(reader.parameter("3.bias").to_host() == network.parameter("3.bias").to_host());
    CHECK(reader.parameters().to_host().size() == Mlp::parameter_count);
}

TEMPLATE_TEST_CASE("Parameters are read and written by name", "", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Mlp, TestType> network{device, Seed{1}};
    auto bias = network.parameter("3.bias");
    CHECK(bias.name() == "3.bias");
    CHECK(bias.extents() == Shape<2>::extents(0));
    CHECK(network.parameter("1.running_mean").size() == 4);
    const std::vector<float> all = network.parameters().to_host();
    CHECK(bias.to_host() == std::vector<float>(all.end() - 2, all.end()));

    network.parameter("3.weight").from_host(std::vector<float>(8, 0));
    bias.from_host(std::vector<float>{1, -2});
    CHECK(outputs(network) == std::vector<float>{1, -2, 1, -2, 1, -2, 1, -2, 1, -2});
    network.parameter("1.running_mean").from_host(std::vector<float>{1, 2, 3, 4});
    CHECK(network.states().to_host()[3] == 4);
    {
        const Step step{device};
        const auto loss = mean(square(network(input(device))));
        bias.from_host(std::vector<float>{3, 4});
        CHECK_THROWS_WITH(backward(loss, network), contains("between a forward pass and its backward"));
    }
    CHECK_THROWS_WITH(bias.from_host(std::vector<float>(3)), contains("3.bias needs one value per element"));
    CHECK_THROWS_WITH(network.parameter("bias"),
                      contains("no parameter \"bias\"; there are 0.weight, 0.bias, "));
}
