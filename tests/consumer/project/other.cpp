// The second of two files that include all of gantry, and use the same templates.
#include <gantry/gantry.hpp>

using namespace gantry;

float train_in_other_file(int steps);

float train_in_other_file(int steps) {
    using Architecture = Sequential<Dense<3, 8>, LeakyReLU<0.2f>, BatchNorm<8>, Dense<8, 1>>;
    Cpu device;
    Network<Architecture, Cpu> network{device, Seed{1}};
    Adam adam{network, {.learning_rate = 1e-2}};
    RandomStream data{Seed{2}, "data"};
    float last = 0;
    for (int i = 0; i < steps; ++i) {
        Step step{device};
        const auto loss = mse(network(normal<Shape<Batch, 3>>(device, 16, data)), 1.0);
        adam.step(backward(loss, network));
        last = loss.item();
    }
    return last;
}
