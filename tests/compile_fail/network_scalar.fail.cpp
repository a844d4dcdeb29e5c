// expect: the scalar type of a Network must be float or double
// expect: NetworkScalar<int>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
void use(Cpu& device, const Tensor<Shape<Batch, 8>, float, Cpu>& x) {
    Network<Sequential<Dense<8, 1>>, Cpu, int> net{device, Seed{1}};
    backward(mean(net(x)), net);
}
