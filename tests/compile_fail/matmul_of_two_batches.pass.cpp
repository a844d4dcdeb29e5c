#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& a, const Tensor<Shape<6, 5>, float, Cpu>& b) {
    return square(matmul<Transpose::right>(a, b));
}
