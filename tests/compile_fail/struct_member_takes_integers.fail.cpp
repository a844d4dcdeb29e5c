// expect: an Embedding takes a tensor of integers, and other layers one of floating-point numbers
// expect-gcc: MemberTakesIntegers<.*embed
// expect-clang: MemberTakesIntegers<.*embed
// expect-nvcc: MemberTakesIntegers<.*'e', 'm', 'b', 'e', 'd'
// max-errors: 1
#include <gantry/gantry.hpp>

#include <cstdint>

using namespace gantry;
struct Judge {
    Dense<6, 3> features;
    Embedding<10, 3> embed;

    auto operator()(const auto& x, const auto& label) const {
        const auto f = features(x);
        return f * embed(f);
    }
};
auto use(Network<Judge, Cpu>& net, const Tensor<Shape<Batch, 6>, float, Cpu>& x,
         const Tensor<Shape<Batch>, std::int32_t, Cpu>& labels) {
    return sum(net(x, labels));
}
