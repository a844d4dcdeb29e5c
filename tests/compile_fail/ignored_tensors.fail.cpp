// expect-gcc: ignoring returned value of type .*Tensor<
// expect-gcc: ignoring returned value of type .*Variable<
// expect-clang: ignoring return value .* relu.x.; .*ignoring return value .* relu.variable
// expect-nvcc: nodiscard
// max-errors: 2
#include <gantry/gantry.hpp>

#pragma GCC diagnostic error "-Wunused-result"

using namespace gantry;
void use(Cpu& device) {
    const auto x = filled<Shape<2, 3>>(device, 0, 1);
    relu(x);
    relu(variable(x));
}
