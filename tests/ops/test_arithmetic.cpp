#include "support/op_check.hpp"

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
    check_op<D, Features>("x + shift", [](const auto& x) { return x + 0.4; });
    check_op<D, Features>("shift + x", [](const auto& x) { return 0.4 + x; });
    check_op<D, Features>("x - shift", [](const auto& x) { return x - 0.4; });
    check_op<D, Features>("from - x", [](const auto& x) { return 1.3 - x; });
    check_op<D, Features>("-x", [](const auto& x) { return -x; });
    check_op<D, Features>("square", [](const auto& x) { return square(x); });
    check_op<D, Features>(
        "sqrt", [](const auto& x) { return sqrt(x); }, positive);
    check_op<D, Features>(
        "inverse_sqrt", [](const auto& x) { return inverse_sqrt(x); }, positive);
    check_op<D, Features>("exp", [](const auto& x) { return exp(x); });
    check_op<D, Features>(
        "log", [](const auto& x) { return log(x); }, positive);
}

TEMPLATE_TEST_CASE("elementwise functions of two tensors", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Features, Features>("a + b", [](const auto& a, const auto& b) { return a + b; });
    check_op<D, Features, Features>("a - b", [](const auto& a, const auto& b) { return a - b; });
    check_op<D, Features, Features>("a * b", [](const auto& a, const auto& b) { return a * b; });
    check_op<D, Features, Features>(
        "a / b", [](const auto& a, const auto& b) { return a / b; }, positive);
}

TEMPLATE_TEST_CASE("a value used twice gets both gradients", "[ops]", GANTRY_TEST_DEVICES) {
    check_op<TestType, Features>("x * x + x", [](const auto& x) { return x * x + x; });
    check_op<TestType, Features>("x - x / (x + 3)", [](const auto& x) { return x - x / (x + 3.0); });
}

}  // namespace gantry::test
