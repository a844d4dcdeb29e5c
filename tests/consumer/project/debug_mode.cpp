// Compiled in libstdc++'s debug mode, which checks all of gantry's containers and iterators.
#include <gantry/eigen.hpp>
#include <gantry/gantry.hpp>
#include <gantry/io.hpp>

using namespace gantry;

int main() {
    using Architecture =
        Sequential<Conv2d<1, 3, Conv2dOptions{.size = 3, .padding = 1}>, BatchNorm<3>, LeakyReLU<0.2f>,
                   MaxPool2d<Pool2dOptions{.size = 2}>, Flatten, Dense<3 * 4 * 4, 1>>;
    Cpu device{{.threads = 2}};
    Network<Architecture, Cpu> network{device, Seed{1}};
    Adam adam{network};
    RandomStream data{Seed{2}, "data"};
    for (int i = 0; i < 2; ++i) {
        Step step{device};
        const auto loss = mse(network(normal<Shape<Batch, 8, 8, 1>>(device, 4, data)), 1.0);
        adam.step(backward(loss, network));
    }
    const auto x = filled<Shape<2, 3>>(device, 0, 1);
    return map(x).sum() == 6 ? 0 : 1;
}
