// expect: flatten<first, last> takes two axes of the shape in ascending order, and not Batch
// expect: JoinedAxes<gantry::Shape<-1, 4, 4, 3>, 2, 1>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;

auto use(const Tensor<Shape<Batch, 4, 4, 3>, float, Cpu>& x) { return sum(flatten<2, 1>(x)); }
