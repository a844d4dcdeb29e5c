#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 2, 3>, float, Cpu>& a, const Tensor<Shape<Batch, 3, 4>, float, Cpu>& b) {
    return square(batched_matmul(a, b));
}
