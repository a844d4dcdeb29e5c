#pragma once
#include <gantry/gantry.hpp>

namespace {

/// The first weight of a network after ten updates. In an anonymous namespace: each file has its own.
float train() {
    using namespace gantry;
    Cpu device{{.threads = 2}};
    Network<Sequential<Dense<37, 53>, LeakyReLU<0.2>, Dense<53, 1>>, Cpu> network{device, Seed{1}};
    Adam adam{network};
    RandomStream data{Seed{2}, "data"};
    for (int i = 0; i < 10; ++i) {
        Step step{device};
        adam.step(backward(mse(network(normal<Shape<Batch, 37>>(device, 9, data)), 1.0), network));
    }
    return network.parameters().to_host().front();
}

}  // namespace
