// expect: the inputs of concatenate may differ only in the extent of their axis
// expect: ConcatenateFits<-1, gantry::Shape<-1, 4, 5>, gantry::Shape<-1, 6, 5> ?>|axis=-1
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 4, 5>, float, Cpu>& a, const Tensor<Shape<Batch, 6, 5>, float, Cpu>& b) {
    return square(concatenate(a, b));
}
