// Whole training steps with -Ofast.
#include <gantry/gantry.hpp>

#include <cstddef>
#include <vector>

#include <support/catch.hpp>

using namespace gantry;

TEST_CASE("with -Ofast: training gives the same losses and gradients") {
    Cpu device;
    Network<Sequential<Dense<6, 20>, BatchNorm<20>, Tanh, Dense<20, 1>>, Cpu> network{device, Seed{1}};
    Adam adam{network, {.learning_rate = 0.01}};
    RandomStream numbers(Seed{2}, "numbers");
    std::vector<double> trained;
    for (int i = 0; i < 5; ++i) {
        const Step step{device};
        const auto x = normal<Shape<Batch, 6>>(device, 30, numbers);
        const auto loss = bce_with_logits(network(x), 0.9);
        const auto gradients = backward(loss, network);
        const auto norm = clip_gradient_norm(gradients, 0.1);
        adam.step(gradients);
        trained.push_back(loss.item());
        trained.push_back(norm.item());
    }
    // Computed by the same lines with -O0.
    const std::vector<double> expected{0.658918, 0.418269, 0.664506, 0.442523, 0.628624,
                                       0.395508, 0.629442, 0.391217, 0.616243, 0.37504};
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(trained[i] == Approx(expected[i]).epsilon(1e-5));
}
