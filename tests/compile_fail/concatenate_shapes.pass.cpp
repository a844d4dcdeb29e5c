#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 4, 5>, float, Cpu>& a, const Tensor<Shape<Batch, 4, 6>, float, Cpu>& b) {
    return square(concatenate(a, b));
}
