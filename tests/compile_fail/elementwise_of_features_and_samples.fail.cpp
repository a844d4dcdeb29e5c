// expect: extents of 1 are repeated, and Batch fits only Batch
// expect: BroadcastFits<gantry::Shape<-1>, gantry::Shape<5> ?>|Whole=gantry::Shape<-1>, Part=gantry::Shape<5>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch>, float, Cpu>& a, const Tensor<Shape<5>, float, Cpu>& b) { return a + b; }
