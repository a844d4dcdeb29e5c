// expect: one_hot takes a tensor of integers: one_hot<classes>\(from_host<Shape<Batch>>\(device, batch, labels\)\)
// max-errors: 1
#include <gantry/gantry.hpp>

#include <cstdint>
#include <vector>

using namespace gantry;
auto use(Cpu& device, const std::vector<std::int32_t>& labels) { return mean(one_hot<4>(device, labels)); }
