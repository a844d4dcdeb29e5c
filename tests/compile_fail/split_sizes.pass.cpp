#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& x) {
    const auto [a, b] = split<-1, 2, 3>(x);
    return square(concatenate(a, b));
}
