#include <gantry/gantry.hpp>

using namespace gantry;

struct Net {
    Conv2d<3, 32, Conv2dOptions{.size = 3}> conv1;
    Conv2d<32, 32, Conv2dOptions{.size = 3}> conv2;

    auto operator()(const auto& image) const { return conv2(relu(conv1(image))); }
};

auto use() {
    Cpu device;
    Network<Net, Cpu> network{device, Seed{1}};
    const Step step{device};
    const auto x = filled<Shape<Batch, 8, 8, 3>>(device, 2, 1);
    return network(x).to_host();
}
