// expect: AnyNetwork
// max-errors: 2
#include <gantry/gantry.hpp>
#include <gantry/optim/adam.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 1>>;

void use(Network<Generator, Cpu>& network) { Adam<Generator> optimizer{network}; }
