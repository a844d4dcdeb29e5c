#include <gantry/cpu/cpu.hpp>
#include <gantry/ops/max_pool.hpp>

using namespace gantry;
auto f(const Tensor<Shape<Batch, 4, 4, 3>, float, Cpu>& x) {
    const auto [result, switches] = max_pool2d<Pool2dOptions{.size = 2}>(x);
    return max_unpool2d(result, switches);
}
