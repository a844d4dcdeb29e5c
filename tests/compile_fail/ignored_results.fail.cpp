// expect-gcc: ignoring returned value of type .*View<.*ignoring returned value of type .*Variable<
// expect-clang: ignoring temporary .*Step.*ignoring return value .*frozen.*ignoring return value .*net.x.
// expect-nvcc: nodiscard
// max-errors: 3
#include <gantry/gantry.hpp>

#pragma GCC diagnostic error "-Wunused-result"
#pragma GCC diagnostic error "-Wunused-value"

using namespace gantry;
using Net = Sequential<Dense<8, 1>>;
void use(Network<Net, Cpu>& net, Cpu& device, const Tensor<Shape<Batch, 8>, float, Cpu>& x) {
    Step{device};
    frozen(net);
    net(x);
}
