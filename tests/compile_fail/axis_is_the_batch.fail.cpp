// expect: an axis must be one of the shape.s, and not Batch; the last one is -1
// expect: SampleAxis<gantry::Shape<-1, 5>, 0>|S=gantry::Shape<-1, 5>, axis=0
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& x) { return sum(flip<0>(x)); }
