// expect: an index must be a tensor of integers
// max-errors: 1
#include <gantry/gantry.hpp>

#include <cstdint>

using namespace gantry;
template <class T, class D>
using Vector = Tensor<Shape<Batch>, T, D>;
auto use(const Tensor<Shape<4, 3>, float, Cpu>& table, const Vector<float, Cpu>& labels) {
    return sum(embedding(table, labels));
}
