// A training step on EigenCpu in a file that nvcc compiles, beside a kernel: the CPU device for such files.
#include <gantry/eigen.hpp>

#include <cstdio>

using namespace gantry;

__global__ void kernel(float* x) { *x = math::tanh(*x); }

int main() {
    constexpr Conv2dOptions window{.size = 4, .stride = 2, .padding = 1};
    using Net = Sequential<Conv2d<1, 3, window>, BatchNorm<3>, LeakyReLU<0.2>,
                           MaxPool2d<Pool2dOptions{.size = 2}>, Flatten, Dense<12, 1>>;
    EigenCpu device;
    Network<Net, EigenCpu> network{device, Seed{1}};
    Adam optimizer{network, {.learning_rate = 1e-2}};
    RandomStream stream(Seed{2}, "data");
    float first = 0, last = 0;
    for (int i = 0; i < 20; ++i) {
        const Step step{device};
        const auto x = normal<Shape<Batch, 8, 8, 1>>(device, 16, stream);
        const auto loss = mse(network(x), 1.0);
        optimizer.step(backward(loss, network));
        (i == 0 ? first : last) = loss.item();
    }
    std::printf("%s, spectral norm %.3f\n", last < first / 2 ? "trained" : "not trained",
                singular_values(network).front().values(0));
}
