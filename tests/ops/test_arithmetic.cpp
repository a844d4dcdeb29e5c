#include "support/op_check.hpp"

#include <cmath>

namespace gantry::test {
namespace {

using Features = Shape<Batch, 19>;
const OpCheckOptions positive{.low = 0.5, .high = 2};

}  // namespace

TEMPLATE_TEST_CASE("elementwise functions of one tensor", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Features>("factor * x", [](const auto& x) { return 2.5 * x; });
    check_op<D, Features>("x * factor", [](const auto& x) { return x * -0.7; });
    check_op<D, Features>("x / divisor", [](const auto& x) { return x / 0.3; });
    check_op<D, Features>("numerator / x", [](const auto& x) { return 0.3 / x; }, positive);
    check_op<D, Features>("x + shift", [](const auto& x) { return x + 0.4; });
    check_op<D, Features>("shift + x", [](const auto& x) { return 0.4 + x; });
    check_op<D, Features>("x - shift", [](const auto& x) { return x - 0.4; });
    check_op<D, Features>("from - x", [](const auto& x) { return 1.3 - x; });
    check_op<D, Features>("-x", [](const auto& x) { return -x; });
    check_op<D, Features>("square", [](const auto& x) { return square(x); });
    check_op<D, Features>("sqrt", [](const auto& x) { return sqrt(x); }, positive);
    check_op<D, Features>("inverse_sqrt", [](const auto& x) { return inverse_sqrt(x); }, positive);
    check_op<D, Features>("pow", [](const auto& x) { return pow(x, 2.3); }, positive);
    check_op<D, Features>("pow: integer", [](const auto& x) { return pow(x, 3); });
    check_op<D, Features>("exp", [](const auto& x) { return exp(x); });
    check_op<D, Features>("log", [](const auto& x) { return log(x); }, positive);
}

TEMPLATE_TEST_CASE("elementwise functions of two tensors", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Features, Features>("a + b", [](const auto& a, const auto& b) { return a + b; });
    check_op<D, Features, Features>("a - b", [](const auto& a, const auto& b) { return a - b; });
    check_op<D, Features, Features>("a * b", [](const auto& a, const auto& b) { return a * b; });
    check_op<D, Features, Features>("a / b", [](const auto& a, const auto& b) { return a / b; }, positive);
}

// The reference device shares the code above the kernels, so parity with it does not show a wrong constant.
TEMPLATE_TEST_CASE("elementwise functions have the values that they are named after", "[ops]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto a = filled<Shape<2>>(device, 0, 4), b = filled<Shape<2>>(device, 0, 0.5);
    const auto value = [](const auto& y) { return y.to_host()[1]; };
    CHECK(value(2.5 * a) == 10);
    CHECK(value(a * -2) == -8);
    CHECK(value(a / 8) == 0.5f);
    CHECK(value(1 / a) == 0.25f);
    CHECK(value(-2 / a) == -0.5f);
    CHECK(value(pow(a, -0.5)) == 0.5f);
    CHECK(value(pow(-a, 3)) == -64);
    CHECK(value(a + 1) == 5);
    CHECK(value(1 + a) == 5);
    CHECK(value(a - 1) == 3);
    CHECK(value(1 - a) == -3);
    CHECK(value(-a) == -4);
    CHECK(value(square(a)) == 16);
    CHECK(value(sqrt(a)) == 2);
    CHECK(value(inverse_sqrt(a)) == 0.5f);
    CHECK(std::abs(value(exp(a)) - 54.59815f) < 1e-4f);
    CHECK(std::abs(value(log(a)) - 1.3862944f) < 1e-6f);
    CHECK(value(a + b) == 4.5f);
    CHECK(value(a - b) == 3.5f);
    CHECK(value(a * b) == 2);
    CHECK(value(a / b) == 8);
}

TEMPLATE_TEST_CASE("powers at 0 have PyTorch's derivatives", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(filled<Shape<3>>(device, 0, 0));
    const auto derivative = [&](double exponent) { return grad(sum(pow(x, exponent)), x).to_host()[1]; };
    CHECK(derivative(0) == 0);
    CHECK(derivative(1) == 1);
    CHECK(derivative(2) == 0);
    CHECK(std::isinf(derivative(0.5)));
    CHECK(std::isnan(pow(filled<Shape<>>(device, 0, -1), 0.5).item()));
}

TEMPLATE_TEST_CASE("a value used twice gets both gradients", "[ops]", GANTRY_TEST_DEVICES) {
    check_op<TestType, Features>("x * x + x", [](const auto& x) { return x * x + x; });
    check_op<TestType, Features>("x - x / (x + 3)", [](const auto& x) { return x - x / (x + 3.0); });
}

}  // namespace gantry::test
