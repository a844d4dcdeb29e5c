// expect: the window of a pooling is larger than the padded image
// expect: PoolingWindowFits<4, 5>|image_with_padding=4, window=5
// max-errors: 1
#include <gantry/cpu/cpu.hpp>
#include <gantry/ops/avg_pool.hpp>

using namespace gantry;
auto f(const Tensor<Shape<Batch, 4, 4, 3>, float, Cpu>& x) {
    return avg_pool2d<Pool2dOptions{.size = {4, 5}}>(x);
}
