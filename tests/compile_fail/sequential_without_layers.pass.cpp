#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 1>>;
void use(Network<Generator, Cpu>& net, const Tensor<Shape<Batch, 8>, float, Cpu>& x) {
    backward(mean(net(x)), net);
}
