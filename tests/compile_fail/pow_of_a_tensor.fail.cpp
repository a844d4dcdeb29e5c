// expect: the exponent of pow is a number: for a tensor b write exp\(b \* log\(a\)\)
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& a, const Tensor<Shape<Batch, 5>, float, Cpu>& b) {
    return 2.0 * pow(a, b);
}
