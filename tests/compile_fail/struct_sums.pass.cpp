#include <gantry/gantry.hpp>

using namespace gantry;
struct Critic {
    Dense<4, 1> dense;
    auto operator()(const auto& x) const { return tanh(dense(x)); }
};
using Net = Network<Sequential<Dense<4, 4>, Critic>, Cpu, Scalars<double>>;

void train(Net& network, Adam<Net>& adam, const Tensor<Shape<Batch, 4>, double, Cpu>& x) {
    adam.step(backward(mean(network(x)), network));
}
