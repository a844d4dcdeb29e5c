#include <gantry/cpu/cpu.hpp>
#include <gantry/ops/avg_pool.hpp>

using namespace gantry;
auto f(const Tensor<Shape<Batch, 4, 4, 3>, float, Cpu>& x) {
    return avg_pool2d<Pool2dOptions{.size = {4, 4}}>(x);
}
