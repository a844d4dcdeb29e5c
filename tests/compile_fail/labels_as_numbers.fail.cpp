// expect: labels must be std::uint8_t
// max-errors: 1
#include <gantry/gantry.hpp>

#include <cstdint>
#include <vector>

using namespace gantry;
auto use(Cpu& device, const std::vector<int>& labels) { return mean(one_hot<4>(device, labels)); }
