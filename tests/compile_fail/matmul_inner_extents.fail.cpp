// expect: the inner extents of a matrix product must be equal
// expect: MatmulFits<5, 6>|left_inner=5, right_inner=6
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& a, const Tensor<Shape<6, 7>, float, Cpu>& b) {
    return matmul(a, b);
}
