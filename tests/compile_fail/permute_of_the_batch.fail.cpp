// expect: permute takes each axis of the shape once; Batch stays first, as axis 0
// expect: Permutation<gantry::Shape<-1, 5>, 1, 0>|S=gantry::Shape<-1, 5>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& x) { return square(permute<1, 0>(x)); }
