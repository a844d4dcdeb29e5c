#include <gantry/gantry.hpp>

using namespace gantry;

struct Block {
    Conv2d<8, 8, Conv2dOptions{.size = 3, .padding = 1}> conv;

    auto operator()(const auto& x) const { return x + conv(x); }
};
using Net = Sequential<InputShape<8, 8, 3>, Conv2d<3, 8, Conv2dOptions{.size = 3}>, Block, GlobalAvgPool2d,
                       Dense<8, 1>>;
