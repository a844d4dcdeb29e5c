// expect: the device has no kernels for these Scalars of a Network
// expect: Scalars<double, float
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
void use(Cpu& device, const Tensor<Shape<Batch, 8>, float, Cpu>& x) {
    Network<Sequential<Dense<8, 1>>, Cpu, Scalars<double, float>> net{device, Seed{1}};
    backward(mean(net(x)), net);
}
