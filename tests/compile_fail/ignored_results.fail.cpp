// expect-gcc: ignoring returned value of type .*View<
// expect-clang: ignoring temporary .*Step.*ignoring return value .*frozen
// expect-nvcc: nodiscard
// max-errors: 2
#include <gantry/gantry.hpp>

#pragma GCC diagnostic error "-Wunused-result"
#pragma GCC diagnostic error "-Wunused-value"

using namespace gantry;
using Net = Sequential<Dense<8, 1>>;
void use(Network<Net, Cpu>& net, Cpu& device) {
    Step{device};
    frozen(net);
}
