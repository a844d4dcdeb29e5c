#include <gantry/gantry.hpp>

using namespace gantry;

auto use(const Tensor<Shape<Batch, 4, 4, 3>, float, Cpu>& x) { return sum(flatten<1, 2>(x)); }
