#include <gantry/gantry.hpp>

#include <cstdint>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 4>, float, Cpu>& x,
         const Tensor<Shape<Batch, 4>, std::int32_t, Cpu>& labels) {
    return sum(gather(x, labels));
}
