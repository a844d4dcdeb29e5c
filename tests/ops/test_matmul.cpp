#include "support/op_check.hpp"

#include <vector>

namespace gantry::test {
namespace {

using Rows = Shape<Batch, 13>;
using Factor = Shape<13, 19>;
using Bias = Shape<19>;

template <class D, contracts::ActivationKind kind>
void check_affine(const std::string& name, double parameter = 0) {
    check_op<D, Rows, Factor, Bias>("affine: " + name, [=](const auto& x, const auto& w, const auto& bias) {
        return affine<kind>(parameter, x, w, bias);
    });
}

}  // namespace

TEMPLATE_TEST_CASE("matmul", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    const auto multiply = [](const auto& a, const auto& b) { return matmul(a, b); };
    check_op<D, Rows, Factor>("matmul", multiply);
    check_op<D, Rows, Shape<13, 1>>("matmul: one column", multiply);
    check_op<D, Shape<Batch, 1>, Shape<1, 19>>("matmul: outer product", multiply);
    check_op<D, Shape<3, 5>, Shape<5, 2>>("matmul: no batch", multiply, {.singles = Singles::not_checked});
    // Its derivatives are products with transposed operands; nesting two covers all four combinations.
    check_op<D, Rows, Factor>("matmul: twice", [](const auto& a, const auto& b) {
        return matmul(square(matmul(a, b)),
                      from_host<Shape<19, 3>>(
                          a.device(), 0,
                          random_numbers<typename std::decay_t<decltype(a)>::scalar>(57, "third matrix")));
    });
}

TEMPLATE_TEST_CASE("affine", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_affine<D, contracts::ActivationKind::identity>("affine");
    check_affine<D, contracts::ActivationKind::leaky_relu>("leaky_relu", 0.2);
    check_affine<D, contracts::ActivationKind::elu>("elu", 0.7);
    check_affine<D, contracts::ActivationKind::softplus>("softplus");
    check_affine<D, contracts::ActivationKind::gelu>("gelu");
    check_affine<D, contracts::ActivationKind::silu>("silu");
    check_affine<D, contracts::ActivationKind::sigmoid>("sigmoid");
    check_affine<D, contracts::ActivationKind::tanh>("tanh");
    check_op<D, Rows, Factor>("affine: no bias", [](const auto& x, const auto& w) {
        return affine<contracts::ActivationKind::tanh>(0, x, w);
    });
}

TEMPLATE_TEST_CASE("values of matmul", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto a = from_host<Shape<Batch, 3>>(device, 2, std::vector<float>{1, 2, 3, 4, 5, 6});
    const auto b = from_host<Shape<3, 2>>(device, 0, std::vector<float>{1, 0, 0, 1, 10, 100});
    CHECK(matmul(a, b).to_host() == std::vector<float>{31, 302, 64, 605});
    const auto bias = from_host<Shape<2>>(device, 0, std::vector<float>{-31, -700});
    CHECK(affine<contracts::ActivationKind::leaky_relu>(0.5, a, b, bias).to_host() ==
          std::vector<float>{0, -199, 33, -47.5});
}

}  // namespace gantry::test
