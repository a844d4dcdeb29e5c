// expect: a layer expects a different number of features than it gets
// expect-gcc: InMember<[^;]*conv
// expect-clang: InMember<[^;]*conv
// expect-nvcc: InMember<[^;]*'c', 'o', 'n', 'v'
// expect: LayerFits<-1, gantry::Conv2d<8, 8[^;]*>, 8, 16>
// max-errors: 1
// trains: Net
#include <gantry/gantry.hpp>

using namespace gantry;

struct Block {
    Conv2d<8, 8, Conv2dOptions{.size = 3, .padding = 1}> conv;

    auto operator()(const auto& x) const { return x + conv(x); }
};
using Net = Sequential<InputShape<8, 8, 3>, Conv2d<3, 16, Conv2dOptions{.size = 3}>, Block, GlobalAvgPool2d,
                       Dense<8, 1>>;
