#include <gantry/gantry.hpp>

#include <vector>

using namespace gantry;
using Net = Network<Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>, Cpu>;
void use(Net& net, const Tensor<Shape<Batch, 8>, float, Cpu>& x, const std::vector<float>& labels) {
    backward(bce_with_logits(net(x), from_host<Shape<Batch, 1>>(net.device(), 4, labels)), net);
}
