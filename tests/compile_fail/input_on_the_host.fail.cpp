// expect: a network takes a tensor; of numbers on the host from_host<Shape<...>>\(device, batch, numbers\) makes one
// max-errors: 1
#include <gantry/gantry.hpp>

#include <vector>

using namespace gantry;
using Net = Network<Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>, Cpu>;
void use(Net& net, const std::vector<float>& x) { Adam{net}.step(backward(mean(net(x)), net)); }
