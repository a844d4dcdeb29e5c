// expect: there is nothing to differentiate: this is a Tensor \(detached, frozen, or plain data\)
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
using Net = Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>;
void use(Network<Net, Cpu>& net, const Tensor<Shape<Batch, 8>, float, Cpu>& x) {
    Adam{net}.step(backward(mean(frozen(net)(x)), net));
}
