// expect: the targets of a loss must be a tensor or one value for all; for values on the host, write from_host
// max-errors: 1
#include <gantry/gantry.hpp>

#include <vector>

using namespace gantry;
using Net = Network<Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>, Cpu>;
void use(Net& net, const Tensor<Shape<Batch, 8>, float, Cpu>& x, const std::vector<int>& labels) {
    backward(bce_with_logits(net(x), labels), net);
}
