#pragma once
#include <gantry/cuda.hpp>

namespace gantry::test {

using TrainedNetwork =
    Sequential<Dense<9, 16>, LeakyReLU<0.2f>, Dropout<0.3f>, Dense<16, 8>, BatchNorm<8>, Dense<8, 1>>;

/// A network and its optimizer, trained on noise.
struct Training {
    Cuda device;
    Network<TrainedNetwork, Cuda> network{device, Seed{1}};
    Adam<Network<TrainedNetwork, Cuda>> adam{network, {.learning_rate = 1e-2}};
    RandomStream noise{Seed{2}, "noise"};

    void step(int batch) {
        const Step step{device};
        const auto loss = bce_with_logits(network(normal<Shape<Batch, 9>>(device, batch, noise)), 1.0);
        const auto gradients = backward(loss, network);
        clip_gradient_norm(gradients, 0.1);
        adam.step(gradients);
    }
};

}  // namespace gantry::test
