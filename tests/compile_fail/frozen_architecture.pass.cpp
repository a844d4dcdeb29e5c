#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 1>>;

auto use(Network<Generator, Cpu>& network) { return frozen(network); }
