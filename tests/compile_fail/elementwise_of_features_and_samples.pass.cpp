#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 1>, float, Cpu>& a, const Tensor<Shape<5>, float, Cpu>& b) {
    return a + b;
}
