// expect: batched_matmul takes matrices with the same extents before the last two
// expect: BatchedMatmulOperands<gantry::Shape<-1, 2, 3>, gantry::Shape<3, 4> ?>|A=gantry::Shape<-1, 2, 3>, B=gantry::Shape<3, 4>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 2, 3>, float, Cpu>& a, const Tensor<Shape<3, 4>, float, Cpu>& b) {
    return square(batched_matmul(a, b));
}
