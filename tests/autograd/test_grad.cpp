#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

namespace gantry::test {

TEMPLATE_TEST_CASE("third derivatives", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(filled<Shape<>, double>(device, 0, 0.7));
    const auto first = grad(square(x) * square(x), x, {.create_graph = true});
    const auto second = grad(first, x, {.create_graph = true});
    const auto third = grad(second, x);
    CHECK(std::abs(first.item() - 4 * 0.343) < 1e-14);
    CHECK(std::abs(second.item() - 12 * 0.49) < 1e-14);
    CHECK(std::abs(third.item() - 24 * 0.7) < 1e-13);
}

TEMPLATE_TEST_CASE("a gradient without create_graph cannot be differentiated", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(filled<Shape<>>(device, 0, 2));
    const auto first = grad(square(x), x);
    CHECK(first.item() == 4);
    CHECK_THROWS_WITH(
        grad(first, x),
        "[backward] the value must be recorded; it was computed from a gradient without create_graph");
}

TEMPLATE_TEST_CASE("grad of a variable that the output does not depend on", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(filled<Shape<Batch, 3>>(device, 2, 2));
    const auto y = variable(filled<Shape<>>(device, 0, 2));
    CHECK_THROWS_WITH(grad(square(y), std::tuple{x, y}),
                      "[grad] the output must depend on every variable to differentiate for");
    CHECK_THROWS_WITH(grad(square(y), x),
                      contains("[backward] the loss must depend on the network or variables"));
    const auto [dx, dy] = grad(square(y), std::tuple{x, y}, {.allow_unused = true});
    CHECK(dx.to_host() == std::vector<float>(6, 0));
    CHECK(dy.item() == 4);
    CHECK(grad(square(y), x, {.allow_unused = true}).to_host() == std::vector<float>(6, 0));
}

TEMPLATE_TEST_CASE("the gradient penalty of a discriminator, against central differences", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    // Gradients by D's parameters of the mean over x of (|dD/dx| - 1)^2: Gulrajani et al. 2017, eq. 3.
    using Architecture = Sequential<Dense<5, 7>, Tanh, BatchNorm<7>, Dense<7, 6>, Softplus, Dense<6, 1>>;
    TestType device;
    Network<Architecture, TestType, double> network{device, Seed{1}};
    const auto start = random_numbers<double>(network.parameter_count, "parameters");
    network.parameters().from_host(start);
    const auto numbers = random_numbers<double>(20, "points");
    const auto penalty = [&] {
        const auto x = variable(from_host<Shape<Batch, 5>>(device, 4, numbers));
        const auto slope = grad(sum(network(x)), x, {.create_graph = true});
        return mean(square(sqrt(sum_per_sample(square(slope))) - 1));
    };
    const auto gradients = [&] {
        const Step step{device};
        backward(penalty(), network);
        return network.gradients().to_host();
    }();
    std::vector<double> differences;
    for (std::size_t i = 0; i < start.size(); ++i) {
        const auto at = [&](double shift) {
            auto moved = start;
            moved[i] += shift;
            network.parameters().from_host(moved);
            const Step step{device};
            return penalty().item();
        };
        differences.push_back((at(1e-6) - at(-1e-6)) / 2e-6);
    }
    CHECK(largest_error(gradients, differences) < 1e-7);
    CHECK(*std::max_element(differences.begin(), differences.end()) > 0.1);
}

TEMPLATE_TEST_CASE("gradients of several networks in one backward pass", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<Dense<3, 5>, Tanh>, TestType> first{device, Seed{1}};
    Network<Sequential<Dense<5, 4>, BatchNorm<4>, ReLU>, TestType> second{device, Seed{2}};
    Network<Sequential<Dense<4, 1>>, TestType> third{device, Seed{3}};
    Network<Sequential<Dense<3, 1>>, TestType> other{device, Seed{4}};
    Sgd sgd{first};
    const Step step{device};
    const auto x = from_host<Shape<Batch, 3>>(device, 4, random_numbers<float>(12, "x"));
    const auto loss = mean(square(third(second(first(x)))));
    backward(loss, first);
    backward(loss, second);
    backward(loss, third);
    const auto expected =
        std::tuple{first.gradients().to_host(), second.gradients().to_host(), third.gradients().to_host()};
    const auto [g1, g2, g3] = backward(loss, first, second, third);
    CHECK(std::tuple{first.gradients().to_host(), second.gradients().to_host(),
                     third.gradients().to_host()} == expected);
    CHECK(g1.data() == first.gradients().data());
    CHECK(g2.data() == second.gradients().data());
    backward(loss, third, first);  // any subset, in any order
    CHECK(first.gradients().to_host() == std::get<0>(expected));
    CHECK_THROWS_WITH(g3.data(), contains("until the next backward pass"));
    static_cast<void>(other(x));
    CHECK_THROWS_WITH(backward(loss, first, other), contains("must depend on each of the networks"));
    CHECK_THROWS_WITH(backward(loss, first, second, first), "[backward] each network can be given once");
    sgd.step(std::get<0>(backward(loss, first, second)));
    CHECK(sgd.updates() == 1);
}

}  // namespace gantry::test
