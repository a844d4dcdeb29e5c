#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 12>, float, Cpu>& x) { return reshape<Shape<Batch, 6, 2>>(x); }
