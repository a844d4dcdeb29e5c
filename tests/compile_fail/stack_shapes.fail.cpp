// expect: the inputs of stack must have the same shape
// expect: StackFits<1, gantry::Shape<-1, 5>, gantry::Shape<-1, 6> ?>|axis=1
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& a, const Tensor<Shape<Batch, 6>, float, Cpu>& b) {
    return square(stack<1>(a, b));
}
