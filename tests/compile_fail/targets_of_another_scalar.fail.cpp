// expect: the predictions and targets of a loss must have the same scalar type
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 8>, float, Cpu>& a, const Tensor<Shape<Batch, 8>, double, Cpu>& b) {
    return mse(a, b);
}
