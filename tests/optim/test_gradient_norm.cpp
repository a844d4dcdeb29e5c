#include <gantry/optim/adam.hpp>
#include <gantry/optim/gradient_norm.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <optim/small_network.hpp>
#include <support/catch.hpp>
#include <support/devices.hpp>
#include <support/numbers.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

/// Gradients as `backward` would return them.
template <class Net>
Gradients<Net> gradients_of(Net& network, const std::vector<typename Net::scalar>& numbers) {
    network.gradients().from_host(numbers);
    return {&network, network.backward_passes()};
}

}  // namespace

TEMPLATE_TEST_CASE("The norm and clipping of gradients match PyTorch", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    ReferenceNetwork<TestType> network(device);
    for (std::size_t update = 0; update < reference_updates; ++update) {
        const Step step{device};
        const auto gradients = network.gradients_of_update(update);
        const auto expected = repeated<double>(reference_gradients[update]);
        CHECK(largest_error<double>({gradient_norm(gradients).item()}, std::vector{reference_norms[update]}) <
              tolerance<double>);
        CHECK(network.gradients().to_host() == expected);
        const auto norm_before = clip_gradient_norm(gradients, reference_clip_norm);
        CHECK(largest_error<double>({norm_before.item()}, std::vector{reference_norms[update]}) <
              tolerance<double>);
        CHECK(largest_error(network.gradients().to_host(), repeated<double>(reference_clipped[update])) <
              tolerance<double>);
        CHECK(gradient_norm(gradients).item() < reference_clip_norm);
    }
}

TEMPLATE_TEST_CASE("The norm of many gradients in float matches double, and small gradients are not clipped",
                   "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<Dense<300, 71>, Dense<71, 3>>, TestType> network{device, Seed{1}};
    const auto numbers = random_numbers<float>(network.parameter_count, "gradients", -1, 2);
    double squares = 0;
    for (const double g : numbers) squares += g * g;
    const double norm = std::sqrt(squares);
    const Step step{device};
    const auto gradients = gradients_of(network, numbers);
    CHECK(std::abs(clip_gradient_norm(gradients, 1.01 * norm).item() - norm) < 1e-6 * norm);
    CHECK(same_bits(network.gradients().to_host(), numbers));

    clip_gradient_norm(gradients, 0.25);
    std::vector<double> expected(numbers.begin(), numbers.end());
    for (double& g : expected) g *= 0.25 / (norm + 1e-6);
    CHECK(largest_error(network.gradients().to_host(), expected) < tolerance<float>);
}

TEMPLATE_TEST_CASE("Clipping gradients of 0 and gradients that are not finite", "[optim]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    SmallNetwork<TestType> network{device, Seed{1}};
    std::vector<double> numbers(network.parameter_count, 0);
    const Step step{device};
    CHECK(clip_gradient_norm(gradients_of(network, numbers), 1).item() == 0);
    CHECK(network.gradients().to_host() == numbers);

    // As in PyTorch: a factor of 0.
    numbers[3] = 2;
    numbers[7] = std::numeric_limits<double>::infinity();
    CHECK(std::isinf(clip_gradient_norm(gradients_of(network, numbers), 1).item()));
    const auto clipped = network.gradients().to_host();
    CHECK(clipped[3] == 0);
    CHECK(std::isnan(clipped[7]));
    CHECK(std::isnan(clip_gradient_norm(gradients_of(network, clipped), 1).item()));
    for (const double g : network.gradients().to_host()) CHECK(std::isnan(g));
}

TEMPLATE_TEST_CASE("An optimizer takes gradients that were clipped", "[optim]", GANTRY_TEST_DEVICES) {
    TestType device;
    SmallNetwork<TestType> network{device, Seed{1}};
    Sgd optimizer{network, {.learning_rate = 1}};
    const auto before = network.parameters().to_host();
    device.run_as_graph([&] {
        const Step step{device};
        const auto loss = sum(square(network(filled<Shape<Batch, 6>, double>(device, 2, 5))));
        const auto gradients = backward(loss, network);
        clip_gradient_norm(gradients, 0.01);
        optimizer.step(gradients);
    });
    double moved = 0;
    const auto after = network.parameters().to_host();
    for (std::size_t i = 0; i < after.size(); ++i) moved += std::pow(after[i] - before[i], 2);
    CHECK(std::abs(std::sqrt(moved) - 0.01) < 1e-7);
}

TEMPLATE_TEST_CASE("The norm of stale gradients, and a max_norm that is not positive, are errors", "[optim]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    SmallNetwork<TestType> network{device, Seed{1}};
    const Step step{device};
    const auto loss = mean(network(filled<Shape<Batch, 6>, double>(device, 2, 0.5)));
    const auto stale = backward(loss, network), newest = backward(loss, network);
    CHECK_THROWS_WITH(gradient_norm(stale), contains("valid until the next backward pass"));
    CHECK_THROWS_WITH(clip_gradient_norm(stale, 1), contains("valid until the next backward pass"));
    CHECK_THROWS_WITH(clip_gradient_norm(newest, 0),
                      "[clip_gradient_norm] max_norm must be finite and greater than 0; got 0");
    for (const double wrong : {-1.0, std::numeric_limits<double>::infinity(), std::nan("")})
        CHECK_THROWS_WITH(clip_gradient_norm(newest, wrong), contains("must be finite and greater than 0"));
}

TEMPLATE_TEST_CASE("The norm of gradients whose squares overflow or underflow", "[optim]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    SmallNetwork<TestType, float> network(device, Seed{1});
    const Step step{device};
    std::vector<float> numbers(network.parameter_count);
    const auto near = [](double got, double expected) {
        return std::abs(got - expected) <= 1e-6 * std::abs(expected);
    };
    numbers[0] = 3e19f;
    numbers[17] = 4e19f;
    numbers[34] = 1;
    CHECK(near(gradient_norm(gradients_of(network, numbers)).item(), 5e19));
    CHECK(near(clip_gradient_norm(gradients_of(network, numbers), 1).item(), 5e19));
    auto clipped = network.gradients().to_host();
    CHECK(near(clipped[0], 0.6));
    CHECK(near(clipped[17], 0.8));
    CHECK(near(clipped[34], 2e-20));

    CHECK(near(gradient_norm(gradients_of(network, std::vector<float>(35, 1e-30f))).item(),
               1e-30 * std::sqrt(35.0)));
    // The norm exceeds float's range, but the clipped gradients do not.
    CHECK(std::isinf(clip_gradient_norm(gradients_of(network, std::vector<float>(35, 3e38f)), 2).item()));
    for (const float g : network.gradients().to_host()) CHECK(near(g, 2 / std::sqrt(35.0)));
}

TEMPLATE_TEST_CASE("The norm of gradients in double whose squares overflow or underflow", "[optim]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    SmallNetwork<TestType, double> network(device, Seed{1});
    const Step step{device};
    const auto near = [](double got, double expected) { return std::abs(got / expected - 1) <= 1e-14; };
    const auto of = [&](double first, double second, double rest) {
        std::vector<double> numbers(network.parameter_count, rest);
        numbers[0] = first;
        numbers[17] = second;
        return gradients_of(network, numbers);
    };
    CHECK(near(gradient_norm(of(3e160, 4e160, 1)).item(), 5e160));
    CHECK(near(clip_gradient_norm(of(3e160, -4e160, 1), 2).item(), 5e160));
    const auto clipped = network.gradients().to_host();
    CHECK(near(clipped[0], 1.2));
    CHECK(near(clipped[17], -1.6));
    CHECK(near(clipped[34], 4e-161));

    // The norm exceeds double's range, but the clipped gradients do not.
    CHECK(std::isinf(clip_gradient_norm(of(1.5e308, 1.5e308, 1.5e308), 2).item()));
    for (const double g : network.gradients().to_host()) CHECK(near(g, 2 / std::sqrt(35.0)));

    CHECK(near(gradient_norm(of(3e-170, 4e-170, 0)).item(), 5e-170));
    CHECK(near(gradient_norm(of(3e-306, 4e-306, 0)).item(), 5e-306));
    CHECK(near(clip_gradient_norm(of(3e-161, 4e-161, 1e-300), 1).item(), 5e-161));
    CHECK(network.gradients().to_host()[34] == 1e-300);  // not clipped
    CHECK(near(clip_gradient_norm(of(3e-161, 4e-161, 0), 1e-8).item(), 5e-161));
    CHECK(near(network.gradients().to_host()[0], 3e-163));  // max_norm / (norm + 1e-6)
}

TEMPLATE_TEST_CASE("Moments of gradients whose squares overflow or underflow", "[optim]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const auto moved = [&](auto&& make_optimizer) {
        SmallNetwork<TestType, float> network(device, Seed{1});
        network.parameters().from_host(std::vector<float>(35, 0));
        auto optimizer = make_optimizer(network);
        optimizer.step(gradients_of(network, std::vector<float>(35, 1e20f)));
        return network.parameters().to_host();
    };
    for (const float w : moved([](auto& network) { return Adam{network, {.learning_rate = 0.5}}; }))
        CHECK(std::abs(w + 0.5) < 1e-5);
    for (const float w : moved([](auto& network) { return RmsProp{network, {.learning_rate = 0.5}}; }))
        CHECK(std::abs(w + 5) < 1e-4);
}
