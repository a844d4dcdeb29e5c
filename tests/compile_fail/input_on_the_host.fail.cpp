// expect: a network takes a tensor; for values on the host, write from_host<Shape<...>>\(device, batch, values\)
// max-errors: 1
#include <gantry/gantry.hpp>

#include <vector>

using namespace gantry;
using Net = Network<Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>, Cpu>;
void use(Net& net, const std::vector<float>& x) { Adam{net}.step(backward(mean(net(x)), net)); }
