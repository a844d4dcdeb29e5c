#include <gantry/gantry.hpp>

using namespace gantry;

struct Net {
    Conv2d<3, 8, Conv2dOptions{.size = 3}> conv;

    auto operator()(const auto& image) const { return conv(image); }
};

auto use(const Tensor<Shape<Batch, 8, 8, 3>, float, Cpu>& x) {
    const Net net;
    return sum(net.conv(x));
}
