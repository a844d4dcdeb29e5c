// expect: a Sequential takes one input; a network with several is a struct
// expect: NetworkTakesOneInput<2>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;

using Net = Sequential<Conv2d<3, 8, Conv2dOptions{.size = 3}>>;

auto use() {
    Cpu device;
    Network<Net, Cpu> network{device, Seed{1}};
    const Step step{device};
    const auto x = filled<Shape<Batch, 8, 8, 3>>(device, 2, 1);
    return network(x, x).to_host();
}
