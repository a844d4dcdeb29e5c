#include "layers/items.hpp"
#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

/// The output of a network with these parameters for `items`, followed by its gradients for a random upstream
/// gradient.
template <class Architecture, class D>
std::vector<float> results(D& device, const std::vector<float>& parameters) {
    Network<Architecture, D> network{device, Seed{1}};
    network.parameters().from_host(parameters);
    const Step step{device};
    const auto x = variable(items(device));
    const auto y = network(x);
    const auto upstream = from_host<typename std::decay_t<decltype(y)>::shape>(
        device, batch, random_numbers<float>(y.size(), "upstream"));
    const auto loss = sum(y * upstream);
    auto all = y.to_host();
    for (const float g : grad(loss, x).to_host()) all.push_back(g);
    backward(loss, network);
    for (const float g : network.gradients().to_host()) all.push_back(g);
    return all;
}

/// InputShape fuses no activation: an activation after it runs as a separate kernel.
template <class Activation, class D>
void check_fused(D& device) {
    using Fused = Sequential<Dense<9, 5>, Activation, Dense<5, 6>, BatchNorm<6>, Activation>;
    using Apart = Sequential<Dense<9, 5>, InputShape<5>, Activation, Dense<5, 6>, BatchNorm<6>, InputShape<6>,
                             Activation>;
    const auto parameters = random_numbers<float>(Fused::parameter_count, "parameters");
    CHECK(largest_error(results<Fused>(device, parameters), results<Apart>(device, parameters)) < 1e-5);
}

}  // namespace

TEMPLATE_TEST_CASE("an activation fused into the layer before it equals a separate one", "[layers]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    check_fused<ReLU>(device);
    check_fused<LeakyReLU<0.2f>>(device);
    check_fused<ELU<0.7f>>(device);
    check_fused<Softplus>(device);
    check_fused<GELU>(device);
    check_fused<SiLU>(device);
    check_fused<Sigmoid>(device);
    check_fused<Tanh>(device);
}

TEMPLATE_TEST_CASE("a nested Sequential equals the flat one", "[layers]", GANTRY_TEST_DEVICES) {
    using Flat = Sequential<Dense<9, 6>, Tanh, BatchNorm<6>, ReLU, Dense<6, 4>, Sigmoid>;
    using Nested = Sequential<Sequential<Dense<9, 6>, Tanh>,
                              Sequential<Sequential<BatchNorm<6>, ReLU>, Dense<6, 4>>, Sigmoid>;
    static_assert(Flat::parameter_count == Nested::parameter_count);
    CHECK(layers::cost<Flat>().flops == layers::cost<Nested>().flops);
    TestType device;
    const auto parameters = random_numbers<float>(Flat::parameter_count, "parameters");
    CHECK(largest_error(results<Nested>(device, parameters), results<Flat>(device, parameters)) < 2e-6);
}

}  // namespace gantry::test
