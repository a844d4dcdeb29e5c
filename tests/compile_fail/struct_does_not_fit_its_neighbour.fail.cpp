// expect: a layer expects a different number of features than it gets
// expect-gcc: InMember<[^;]*block.conv
// expect-clang: InMember<[^;]*block.conv
// expect-nvcc: InMember<[^;]*'b', 'l', 'o', 'c', 'k', '.', 'c', 'o', 'n', 'v'
// expect: LayerFits<-1, gantry::Conv2d<8, 8[^;]*>, 8, 16>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;

struct Block {
    Conv2d<8, 8, Conv2dOptions{.size = 3, .padding = 1}> conv;

    auto operator()(const auto& x) const { return x + conv(x); }
};
struct Net {
    Conv2d<3, 16, Conv2dOptions{.size = 3}> first;
    Block block;
    GlobalAvgPool2d pool;
    Dense<8, 1> head;

    auto operator()(const auto& image) const { return head(pool(block(first(image)))); }
};

auto use() {
    Cpu device;
    Network<Net, Cpu> network{device, Seed{1}};
    const Step step{device};
    const auto x = filled<Shape<Batch, 8, 8, 3>>(device, 2, 1);
    return network(x).to_host();
}
