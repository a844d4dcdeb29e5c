#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& a, const Tensor<Shape<Batch, 5>, float, Cpu>& b) {
    return 2.0 * exp(b * log(a)) + pow(a, 2);
}
