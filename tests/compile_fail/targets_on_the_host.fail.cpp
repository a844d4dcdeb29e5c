// expect: the targets of a loss are a tensor, or one number for all; of numbers on the host from_host
// max-errors: 1
#include <gantry/gantry.hpp>

#include <vector>

using namespace gantry;
using Net = Network<Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>, Cpu>;
void use(Net& net, const Tensor<Shape<Batch, 8>, float, Cpu>& x, const std::vector<int>& labels) {
    backward(bce_with_logits(net(x), labels), net);
}
