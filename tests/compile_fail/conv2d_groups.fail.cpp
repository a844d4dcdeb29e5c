// expect: the groups of a convolution must divide its input channels and its output channels
// expect: GroupsDivideChannels<6, 8, 3>|in_channels=6, out_channels=8, groups=3
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
using X = Tensor<Shape<Batch, 4, 4, 6>, float, Cpu>;
auto use(const X& x, const Tensor<Shape<3, 3, 2, 8>, float, Cpu>& w) {
    return conv2d<Conv2dOptions{.size = 3, .groups = 3}>(x, w);
}
