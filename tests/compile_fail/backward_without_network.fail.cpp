// expect: backward also takes the network whose gradients it computes: backward\(loss, network\)
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
using Net = Network<Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>, Cpu>;
void use(Net& net, const Tensor<Shape<Batch, 8>, float, Cpu>& x) { Adam{net}.step(backward(mean(net(x)))); }
