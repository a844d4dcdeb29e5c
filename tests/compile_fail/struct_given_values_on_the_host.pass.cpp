#include <gantry/gantry.hpp>

using namespace gantry;
#include <vector>

struct Net {
    Dense<4, 1> dense;

    auto operator()(const auto& x) const { return dense(x); }
};

auto use() {
    Cpu device;
    Network<Net, Cpu> network{device, Seed{1}};
    const Step step{device};
    const std::vector<float> values(8);
    return network(from_host<Shape<Batch, 4>>(device, 2, values)).to_host();
}
