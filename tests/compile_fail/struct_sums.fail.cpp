// expect: a network struct, or a Sequential with one in it, sums in the scalar that it stores
// expect: StructSums<gantry::Sequential<[^;]*>, gantry::Scalars<float, double
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
struct Critic {
    Dense<4, 1> dense;
    auto operator()(const auto& x) const { return tanh(dense(x)); }
};
using Net = Network<Sequential<Dense<4, 4>, Critic>, Cpu, Scalars<float, double>>;

void train(Net& network, Adam<Net>& adam, const Tensor<Shape<Batch, 4>, float, Cpu>& x) {
    adam.step(backward(mean(network(x)), network));
}
