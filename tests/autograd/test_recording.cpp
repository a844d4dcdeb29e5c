#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <tuple>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

using Architecture = Sequential<Dense<5, 7>, Tanh, Dense<7, 1>>;
using Items = Shape<Batch, 5>;

template <class D>
auto random_items(D& device, int batch, const char* name = "items") {
    return from_host<Items>(device, batch, random_numbers<float>(Items::size(batch), name));
}

}  // namespace

TEST_CASE("an op's result is recorded if and only if an input is", "[autograd]") {
    using Plain = Tensor<Items, float, Cpu>;
    using Recorded = Variable<Items, float, Cpu>;
    const auto add = [](const auto& a, const auto& b) { return a + b; };
    STATIC_REQUIRE(std::is_same_v<decltype(add(Plain{{}}, Plain{{}})), Plain>);
    STATIC_REQUIRE(std::is_same_v<decltype(add(Plain{{}}, Recorded{{}})), Recorded>);
    STATIC_REQUIRE(std::is_same_v<decltype(add(Recorded{{}}, Plain{{}})), Recorded>);
    STATIC_REQUIRE(std::is_same_v<decltype(detach(Recorded{{}})), Plain>);
}

TEMPLATE_TEST_CASE("detach stops the gradient", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(filled<Shape<>>(device, 0, 3));
    CHECK(grad(x * detach(x), x).item() == 3);  // not 6
}

TEMPLATE_TEST_CASE("frozen passes gradients through and computes none for its parameters", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Architecture, TestType> network{device, Seed{1}};
    const auto buffer_before = [&] {
        network.gradients().from_host(std::vector<float>(network.parameter_count, 7));
        return network.gradients().to_host();
    }();
    const Step step{device};
    const auto x = variable(random_items(device, 3));
    const auto through_frozen = grad(sum(frozen(network)(x)), x).to_host();
    CHECK(network.gradients().to_host() == buffer_before);
    CHECK(through_frozen == grad(sum(network(x)), x).to_host());
    CHECK(network.gradients().to_host() == buffer_before);  // grad computes only the gradient by x
    STATIC_REQUIRE(!decltype(frozen(network)(detach(x)))::recorded);
    STATIC_REQUIRE(!decltype(evaluation(network)(detach(x)))::recorded);
    STATIC_REQUIRE(decltype(network(detach(x)))::recorded);
}

TEMPLATE_TEST_CASE("a step of one network of a GAN does not change the other", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<Dense<2, 5>>, TestType> generator{device, Seed{1}};
    Network<Architecture, TestType> discriminator{device, Seed{2}};
    const std::vector<float> sevens(generator.parameter_count, 7);
    generator.gradients().from_host(sevens);
    RandomStream noise(Seed{3}, "noise");
    const Step step{device};
    const auto z = normal<Shape<Batch, 2>>(device, 4, noise);
    backward(bce_with_logits(discriminator(detach(generator(z))), 0), discriminator);
    CHECK(generator.gradients().to_host() == sevens);
    const auto before = discriminator.gradients().to_host();
    backward(bce_with_logits(frozen(discriminator)(generator(z)), 1), generator);
    CHECK(discriminator.gradients().to_host() == before);
    CHECK(generator.gradients().to_host() != sevens);
}

TEMPLATE_TEST_CASE("backward writes the gradients that grad computes", "[autograd]", GANTRY_TEST_DEVICES) {
    // The same values as a network's parameters and as variables.
    TestType device;
    Network<Sequential<Dense<5, 3>>, TestType> network{device, Seed{1}};
    const auto parameters = network.parameters().to_host();
    const Step step{device};
    const auto x = random_items(device, 4), second = random_items(device, 4, "second");
    const auto w = variable(
        from_host<Shape<5, 3>>(device, 0, std::vector<float>(parameters.begin(), parameters.begin() + 15)));
    const auto b = variable(
        from_host<Shape<3>>(device, 0, std::vector<float>(parameters.begin() + 15, parameters.end())));
    const auto [dw, db] = grad(sum(square(matmul(x, w) + b)) + mean(matmul(second, w) + b), std::tuple{w, b});
    auto expected = dw.to_host();
    for (const float g : db.to_host()) expected.push_back(g);
    // Two forward passes in one loss: their gradients add up and overwrite the buffer's old contents.
    network.gradients().from_host(std::vector<float>(18, 1e9f));
    backward(sum(square(network(x))) + mean(network(second)), network);
    CHECK(largest_error(network.gradients().to_host(), expected) < 1e-5);
}

TEMPLATE_TEST_CASE("two backward passes of one step do not accumulate", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Architecture, TestType> network{device, Seed{1}};
    const Step step{device};
    const auto x = random_items(device, 3);
    const auto loss = mean(network(x));
    backward(loss, network);
    const auto first = network.gradients().to_host();
    backward(loss, network);
    CHECK(network.gradients().to_host() == first);
    backward(2.0 * loss, network);
    auto twice = first;
    for (float& g : twice) g *= 2;
    CHECK(largest_error(network.gradients().to_host(), twice) < 1e-6);
}

TEMPLATE_TEST_CASE("parameters that the loss does not depend on have zero gradients", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    // The derivative of a single layer by x does not depend on its bias.
    TestType device;
    Network<Sequential<Dense<5, 3>>, TestType> network{device, Seed{1}};
    network.gradients().from_host(std::vector<float>(18, 7));
    const Step step{device};
    const auto x = variable(random_items(device, 3));
    const auto slope = grad(sum(network(x)), x, {.create_graph = true});
    backward(sum(square(slope)), network);
    const auto gradients = network.gradients().to_host();
    const std::vector<float> biases(gradients.begin() + 15, gradients.end());
    CHECK(biases == std::vector<float>(3, 0));
    CHECK(gradients[0] != 0);
    CHECK(gradients[0] != 7);
}

TEMPLATE_TEST_CASE("evaluation records nothing", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Architecture, TestType> network{device, Seed{1}};
    const Step step{device};
    evaluation(network)(random_items(device, 3));
    int nodes = 0;
    device.tape().for_each([&](const core::Node&) { ++nodes; });
    CHECK(nodes == 0);
}

}  // namespace gantry::test
