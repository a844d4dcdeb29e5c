// expect: a reshape must keep the number of elements per sample
// expect: ReshapeFits<12, 10>|from=12UL, to=10UL
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 12>, float, Cpu>& x) { return reshape<Shape<Batch, 5, 2>>(x); }
