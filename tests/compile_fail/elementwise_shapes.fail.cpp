// expect: a shape broadcasts to another one if it is the same, a scalar, its last extents \(a bias\)
// expect: BroadcastFits<gantry::Shape<-1, 6>, gantry::Shape<-1, 5> ?>|Whole=gantry::Shape<-1, 6>, Part=gantry::Shape<-1, 5>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& a, const Tensor<Shape<Batch, 6>, float, Cpu>& b) {
    return a + b;
}
