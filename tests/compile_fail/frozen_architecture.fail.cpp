// expect: AnyNetwork
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<Dense<8, 1>>;

auto use(Generator& network) { return frozen(network); }
