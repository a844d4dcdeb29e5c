// expect: must be a Tensor: from_host<Shape<Batch>>\(device, batch, labels\) for labels
// max-errors: 1
#include <gantry/gantry.hpp>

#include <cstdint>
#include <vector>

using namespace gantry;
using Net = Network<Sequential<Dense<8, 4>>, Cpu>;
void use(Net& net, const Tensor<Shape<Batch, 8>, float, Cpu>& x, const std::vector<std::int32_t>& labels) {
    backward(softmax_cross_entropy(net(x), labels), net);
}
