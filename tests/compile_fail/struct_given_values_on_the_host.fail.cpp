// expect: a network takes a tensor; for values on the host, write from_host
// max-errors: 1
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
    return network(values).to_host();
}
