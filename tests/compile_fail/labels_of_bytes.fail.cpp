// expect: a tensor of integers, such as labels, has std::int32_t
// max-errors: 1
#include <gantry/gantry.hpp>

#include <cstdint>
#include <vector>

using namespace gantry;
auto use(Cpu& device, const std::vector<std::uint8_t>& labels) {
    return from_host<Shape<Batch>>(device, 4, labels);
}
