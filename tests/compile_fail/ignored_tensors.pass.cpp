#include <gantry/gantry.hpp>

#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wunused-result"

using namespace gantry;
void use(Network<Sequential<Dense<3, 1>>, Cpu>& network, Cpu& device) {
    const auto x = filled<Shape<Batch, 3>>(device, 2, 1);
    const auto gradients = backward(mean(relu(network(x))), network);
    clip_gradient_norm(gradients, 1);  // the norm may be ignored
}

#pragma GCC diagnostic pop
