// expect: the operands of an elementwise op must have the same scalar type
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 8>, float, Cpu>& a, const Tensor<Shape<Batch, 8>, double, Cpu>& b) {
    return mean(a * b);
}
