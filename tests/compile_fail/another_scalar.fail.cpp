// expect: network and tensor must have the same scalar type
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
using Net = Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>;
auto use(Network<Net, Cpu>& net, const Tensor<Shape<Batch, 8>, double, Cpu>& x) { return net(x); }
