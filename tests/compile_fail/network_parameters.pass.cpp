#include <gantry/gantry.hpp>

using namespace gantry;
void use(Cpu& device, const Tensor<Shape<Batch, 8>, float, Cpu>& x) {
    Network<Sequential<Dense<8, 1>>, Cpu, Scalars<float, float, float>> net{device, Seed{1}};
    backward(mean(net(x)), net);
}
