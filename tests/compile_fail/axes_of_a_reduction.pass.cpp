#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& x) { return square(sum_over<0, 1>(x)); }
