// expect: a reshape keeps the number of elements of an item
// expect: ReshapeFits<12, 10>|from=12UL, to=10UL
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 12>, float, Cpu>& x) { return reshape<Shape<Batch, 5, 2>>(x); }
