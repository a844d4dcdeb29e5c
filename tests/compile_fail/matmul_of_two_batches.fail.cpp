// expect: Batch cannot be the last extent of a matrix product, since it is the first of a shape
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& a, const Tensor<Shape<Batch, 5>, float, Cpu>& b) {
    return square(matmul<Transpose::right>(a, b));
}
