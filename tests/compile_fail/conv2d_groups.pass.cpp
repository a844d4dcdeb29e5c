#include <gantry/gantry.hpp>

using namespace gantry;
using X = Tensor<Shape<Batch, 4, 4, 6>, float, Cpu>;
auto use(const X& x, const Tensor<Shape<3, 3, 2, 9>, float, Cpu>& w) {
    return conv2d<Conv2dOptions{.size = 3, .groups = 3}>(x, w);
}
