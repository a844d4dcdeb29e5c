#include <gantry/gantry.hpp>

using namespace gantry;
using Net = Network<Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>, Cpu>;
auto use(Net& net, const Tensor<Shape<Batch, 8>, float, Cpu>& tensor) {
    const auto x = variable(tensor);
    return sum(square(grad(sum(net(x)), x)));
}
