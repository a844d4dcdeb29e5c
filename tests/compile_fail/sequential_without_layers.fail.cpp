// expect: a Sequential takes layers as types: Sequential<Dense<3, 4>, ReLU>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<>;
void use(Network<Generator, Cpu>& net, const Tensor<Shape<Batch, 8>, float, Cpu>& x) {
    backward(mean(net(x)), net);
}
