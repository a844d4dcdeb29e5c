#include <gantry/gantry.hpp>

using namespace gantry;
using Net = Sequential<Dense<8, 1>>;
auto use(Network<Net, Cpu>& net, Cpu& device, const Tensor<Shape<Batch, 8>, float, Cpu>& x) {
    const Step step{device};
    const auto constant = frozen(net);
    return net(x).to_host().size() + constant(x).to_host().size();
}
