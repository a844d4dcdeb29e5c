// expect: the sizes of split are positive and add up to the extent of its axis
// expect: SplitFits<5, 2, 4>|extent=5
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 5>, float, Cpu>& x) {
    const auto [a, b] = split<-1, 2, 4>(x);
    return square(concatenate(a, b));
}
