// The same on a GPU: requires only a C++ compiler and gantry::cuda.
#include <gantry/cuda.hpp>

#include <iostream>

using namespace gantry;

int main() {
    const cuda::Availability found = cuda::availability();
    if (found.gpus == 0) {
        std::cout << "no GPU: " << found.reason << '\n';
        return 0;
    }
    Cuda device;
    Network<Sequential<Dense<3, 8>, LeakyReLU<0.2f>, BatchNorm<8>, Dense<8, 1>>, Cuda> network{device,
                                                                                               Seed{1}};
    Adam adam{network, {.learning_rate = 1e-2}};
    RandomStream data{Seed{2}, "data"};
    float first = 0, last = 0;
    for (int i = 0; i < 100; ++i) {
        Step step{device};
        const auto loss = mse(network(normal<Shape<Batch, 3>>(device, 16, data)), 1.0);
        adam.step(backward(loss, network));
        last = loss.item();
        if (i == 0) first = last;
    }
    std::cout << "loss " << first << " falls to " << last << " on the GPU\n";
    return last < first ? 0 : 1;
}
