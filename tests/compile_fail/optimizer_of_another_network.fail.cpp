// expect: an optimizer takes the gradients of the network that it was constructed with
// max-errors: 1
#include <gantry/gantry.hpp>
#include <gantry/optim/adam.hpp>

using namespace gantry;
using Generator = Network<Sequential<Dense<8, 1>>, Cpu>;
using Discriminator = Network<Sequential<Dense<4, 1>>, Cpu>;

void use(Adam<Generator>& optimizer, const Gradients<Discriminator>& gradients) { optimizer.step(gradients); }
