#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 8>, float, Cpu>& a, const Tensor<Shape<Batch, 8>, float, Cpu>& b) {
    return mse(a, b);
}
