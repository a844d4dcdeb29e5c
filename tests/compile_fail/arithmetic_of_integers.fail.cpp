// expect: this op computes with floating-point numbers and cannot take a tensor of integers
// max-errors: 1
#include <gantry/gantry.hpp>

#include <cstdint>

using namespace gantry;
auto use(const Tensor<Shape<Batch>, std::int32_t, Cpu>& labels) { return sum(labels + labels); }
