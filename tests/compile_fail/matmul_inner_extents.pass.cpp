#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& a, const Tensor<Shape<5, 7>, float, Cpu>& b) {
    return matmul(a, b);
}
