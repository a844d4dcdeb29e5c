// expect: gather takes Shape<Batch, N, ...> and an index of Shape<Batch> or Shape<Batch, K>
// max-errors: 1
#include <gantry/gantry.hpp>

#include <cstdint>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 4>, float, Cpu>& x, const Tensor<Shape<4>, std::int32_t, Cpu>& labels) {
    return sum(gather(x, labels));
}
