#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& a, const Tensor<Shape<Batch, 5>, float, Cpu>& b) {
    return square(stack<1>(a, b));
}
