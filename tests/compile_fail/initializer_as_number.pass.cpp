#include <gantry/gantry.hpp>

using namespace gantry;
void use(Network<Sequential<Dense<8, 4>>, Cpu>& net, RandomStream& stream) {
    initialize(net, Role::weight, Normal{0, 0.02}, stream);
}
