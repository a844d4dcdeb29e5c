// expect: an initialiser fills one parameter, .device, info, parameter, stream.
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
void use(Network<Sequential<Dense<8, 4>>, Cpu>& net, RandomStream& stream) {
    initialize(net, Role::weight, 0.02, stream);
}
