#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace gantry::test {
namespace {

using Neuron = Sequential<Dense<3, 1>>;
using NeuronInputs = Shape<Batch, 3>;

}  // namespace

TEMPLATE_TEST_CASE("a tensor of an earlier step is an error", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    const auto old = [&] {
        const Step step{device};
        return variable(filled<Shape<>>(device, 0, 1));
    }();
    const Step step{device};
    const auto now = variable(filled<Shape<>>(device, 0, 1));
    const std::string message =
        "[tensor] a tensor is valid until the end of the step that created it; copy it to a PersistentTensor "
        "to keep it longer; got a tensor of step 1 in step 2";
    CHECK_THROWS_WITH(square(old), message);
    CHECK_THROWS_WITH(now + old, message);
    CHECK_THROWS_WITH(old.item(), message);
    CHECK_THROWS_WITH(old.to_host(), message);
    CHECK_THROWS_WITH(old.data(), message);
    CHECK_THROWS_WITH(variable(detach(old)), message);
    CHECK_THROWS_WITH(grad(old, now), message);
    CHECK_THROWS_WITH(grad(square(now), old), message);
}

TEMPLATE_TEST_CASE("a tensor is an error in every later step", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    std::optional<Tensor<Shape<>, float, TestType>> old;
    {
        const Step step{device};
        old.emplace(filled<Shape<>>(device, 0, 1));
    }
    for (int later = 1; later <= 5; ++later) {
        const Step step{device};
        CHECK_THROWS_WITH(old->item(), contains("a tensor of step 1 in step " + std::to_string(1 + later)));
    }
}

TEMPLATE_TEST_CASE("PersistentTensor keeps its values across steps", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    std::optional<PersistentTensor<NeuronInputs, float, TestType>> kept;
    {
        const Step step{device};
        kept.emplace(filled<NeuronInputs>(device, 2, 5));
    }
    const Step step{device};
    filled<NeuronInputs>(device, 2, 9);  // reuses the memory of the first step
    CHECK(kept->get().to_host() == std::vector<float>(6, 5));
    CHECK(sum(kept->get()).item() == 30);
    *kept = filled<NeuronInputs>(device, 2, 7);
    CHECK(kept->get().to_host() == std::vector<float>(6, 7));
    CHECK_THROWS_WITH(
        (*kept = filled<NeuronInputs>(device, 3, 7)),
        "[PersistentTensor] the size of a PersistentTensor cannot change; got (3, 3) for (2, 3)");
}

TEMPLATE_TEST_CASE("parameters updated between forward and backward are an error", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Neuron, TestType> network{device, Seed{1}}, other{device, Seed{2}};
    const Step step{device};
    const auto x = filled<NeuronInputs>(device, 2, 1);
    const auto loss = mean(network(x));
    const auto& buffer = other.parameters();
    device.tape().overwritten(buffer.data(), buffer.data() + buffer.size());
    CHECK_NOTHROW(backward(loss, network));
    const auto& ours = network.parameters();
    device.tape().overwritten(ours.data(), ours.data() + ours.size());
    CHECK_THROWS_WITH(
        backward(loss, network),
        "[backward] parameters must not be updated between a forward pass and its backward pass");
    CHECK_NOTHROW(backward(mean(network(x)), network));  // a forward pass after the update is allowed
}

TEMPLATE_TEST_CASE("gradients are valid until the next backward pass", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Neuron, TestType> network{device, Seed{1}};
    const Step step{device};
    const auto x = filled<NeuronInputs>(device, 2, 1);
    const auto first = backward(mean(network(x)), network);
    CHECK(first.data() == network.gradients().data());
    const auto second = backward(mean(network(x)), network);
    CHECK_THROWS_WITH(first.data(),
                      "[Gradients] gradients are valid until the next backward pass for their network");
    CHECK_NOTHROW(second.data());
}

TEMPLATE_TEST_CASE("backward must reach the network", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Neuron, TestType> network{device, Seed{1}}, other{device, Seed{2}};
    const Step step{device};
    const auto x = filled<NeuronInputs>(device, 2, 1);
    CHECK_THROWS_WITH(backward(mean(other(x)), network),
                      "[backward] the loss must depend on the network or variables to differentiate for; was "
                      "an input detached?");
}

TEMPLATE_TEST_CASE("tensors of two device objects cannot be mixed", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType one, two;
    Network<Neuron, TestType> network{one, Seed{1}};
    const auto a = filled<NeuronInputs>(one, 2, 1), b = filled<NeuronInputs>(two, 2, 1);
    CHECK_THROWS_WITH(a + b, "[add] the inputs of an op must be on the same device object");
    CHECK_THROWS_WITH(network(b), "[Network] network and tensor must be on the same device object");
}

TEMPLATE_TEST_CASE("steps do not nest, and end on an exception", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Neuron, TestType> network{device, Seed{1}};
    const auto gradients = [&] {
        const Step step{device};
        backward(mean(square(network(filled<NeuronInputs>(device, 2, 1)))), network);
        return network.gradients().to_host();
    };
    const auto expected = gradients();
    {
        const Step step{device};
        CHECK_THROWS_WITH(Step{device},
                          "[Step] a Step must end before the next one on the same device begins");
    }
    try {
        const Step step{device};
        network(filled<NeuronInputs>(device, 2, 1));
        throw std::runtime_error("in the middle");
    } catch (const std::runtime_error&) {
    }
    CHECK(gradients() == expected);
    try {  // fails inside a backward pass; the tape must still record afterwards
        const Step step{device};
        const auto loss = mean(network(filled<NeuronInputs>(device, 2, 1)));
        device.tape().overwritten(network.parameters().data(), network.parameters().data() + 4);
        backward(loss, network);
    } catch (const Error&) {
    }
    CHECK(device.tape().recording());
    CHECK(!device.tape().writes_through());
    CHECK(gradients() == expected);
}

TEMPLATE_TEST_CASE("the arena does not grow from the second step on", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<Dense<3, 200>, ReLU, Dense<200, 1>>, TestType> network{device, Seed{1}};
    const auto step_once = [&] {
        const Step step{device};
        backward(mean(network(filled<NeuronInputs>(device, 100, 1))), network);
        return device.arena().used();
    };
    const std::size_t first = step_once();
    CHECK(first > 100 * 200 * sizeof(float));
    for (int i = 0; i < 3; ++i) CHECK(step_once() == first);
    CHECK(device.arena().peak() == first);
}

TEMPLATE_TEST_CASE("a poisoned arena exposes reads of unwritten memory", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    device.arena().poison(true);
    const Step step{device};
    const Tensor<NeuronInputs, float, TestType> unwritten{
        core::allocate<float>(device, NeuronInputs::extents(2))};
    for (const float number : unwritten.to_host()) CHECK(std::isnan(number));
}

}  // namespace gantry::test
