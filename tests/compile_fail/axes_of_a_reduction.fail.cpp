// expect: a reduction takes axes of the shape, such as sum_over<1, 2>\(x\); the last one is -1
// expect: ReducedAxes<gantry::Shape<-1, 5>, 1, 2>|S=gantry::Shape<-1, 5>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& x) { return square(sum_over<1, 2>(x)); }
