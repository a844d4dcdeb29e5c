#include "support/op_check.hpp"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace gantry::test {
namespace {

using Logits = Shape<Batch, 19>;
const OpCheckOptions averaged{.low = -3, .high = 3, .singles = Singles::averaged};

/// Targets that are not one-hot and do not sum to 1, the same for all samples, so that single samples can be
/// compared.
template <int classes, class X>
auto some_targets(const X& x) {
    const auto numbers = random_numbers<typename X::scalar>(classes, "targets", 0, 0.2);
    return broadcast_to<Shape<Batch, classes>>(from_host<Shape<classes>>(x.device(), 0, numbers), x.batch());
}

/// Compares cross entropy with a composition of ops: its value, and every path of its derivative.
template <class T, int classes, class D>
void check_cross_entropy(D& device, int batch) {
    using S = Shape<Batch, classes>;
    CAPTURE(sizeof(T), classes, batch);
    const Step step{device};
    const auto numbers = [&](const char* name, double low, double high) {
        return from_host<S>(device, batch,
                            random_numbers<T>(static_cast<std::size_t>(batch * classes), name, low, high));
    };
    const auto x = variable(numbers("logits", -4, 4));
    const auto targets = numbers("targets of all", 0, 1);
    const auto loss = softmax_cross_entropy(x, targets);
    const auto composed = mean(sum_per_sample(targets * (-log(softmax(x)))));
    const auto near = [](const std::vector<T>& got, const std::vector<T>& expected) {
        return largest_error(got, expected) <= tolerance<T>;
    };
    CHECK(near({loss.item()}, {composed.item()}));
    CHECK(softmax_cross_entropy(detach(x), targets).item() == loss.item());
    const auto expected = grad(composed, x).to_host();
    CHECK(near(grad(loss, x).to_host(), expected));
    CHECK(near(grad(loss, x, {.create_graph = true}).to_host(), expected));
    CHECK(near(grad(0.5 * loss, x).to_host(), grad(0.5 * composed, x).to_host()));
    CHECK(near(grad(loss + sum(x), x).to_host(), grad(composed + sum(x), x).to_host()));
}

}  // namespace

TEMPLATE_TEST_CASE("binary cross entropy and squared error", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Logits, Logits>(
        "bce_with_logits", [](const auto& x, const auto& t) { return bce_with_logits(x, t); }, averaged);
    check_op<D, Logits>(
        "bce_with_logits: constant", [](const auto& x) { return bce_with_logits(x, 0.9); }, averaged);
    check_op<D, Logits, Logits>("mse", [](const auto& x, const auto& t) { return mse(x, t); }, averaged);
    check_op<D, Logits>("mse: constant", [](const auto& x) { return mse(x, 0.9); }, averaged);
}

TEMPLATE_TEST_CASE("softmax and its cross entropy", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Logits>("softmax", [](const auto& x) { return softmax(x); }, {.low = -3, .high = 3});
    check_op<D, Logits>(
        "softmax_cross_entropy", [](const auto& x) { return softmax_cross_entropy(x, some_targets<19>(x)); },
        averaged);
    check_op<D, Shape<Batch, 1>>(
        "softmax_cross_entropy: one class",
        [](const auto& x) { return softmax_cross_entropy(x, some_targets<1>(x)); }, averaged);
}

TEMPLATE_TEST_CASE("cross entropy matches the one composed of ops", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    for (const int batch : {1, 5, 67}) {
        check_cross_entropy<float, 1>(device, batch);
        check_cross_entropy<float, 10>(device, batch);
        check_cross_entropy<float, 131>(device, batch);
        check_cross_entropy<double, 1>(device, batch);
        check_cross_entropy<double, 10>(device, batch);
        check_cross_entropy<double, 131>(device, batch);
    }
}

TEMPLATE_TEST_CASE("losses are stable at huge logits", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    using Numbers = std::vector<float>;
    const auto check = [&](float logit, float target, double loss, double gradient) {
        const auto x = variable(from_host<Shape<Batch>>(device, 1, Numbers{logit}));
        const auto t = from_host<Shape<Batch>>(device, 1, Numbers{target});
        CAPTURE(logit, target);
        CHECK(bce_with_logits(x, t).item() == static_cast<float>(loss));
        CHECK(bce_with_logits(x, target).item() == static_cast<float>(loss));
        CHECK(std::abs(grad(bce_with_logits(x, t), x).to_host()[0] - gradient) < 1e-7);
    };
    check(1e4f, 1, 0, 0);
    check(1e4f, 0, 1e4, 1);
    check(-1e4f, 1, 1e4, -1);
    check(-1e4f, 0, 0, 0);
    check(1e30f, 0, 1e30f, 1);
    check(0, 0.5f, std::log(2.0), 0);

    const auto x =
        variable(from_host<Shape<Batch, 3>>(device, 2, Numbers{1e4f, -1e4f, 1e4f, 1e30f, 0, -1e30f}));
    CHECK(softmax(x).to_host() == Numbers{0.5f, 0, 0.5f, 1, 0, 0});
    const auto targets = from_host<Shape<Batch, 3>>(device, 2, Numbers{1, 0, 0, 1, 0, 0});
    const auto loss = softmax_cross_entropy(x, targets);
    CHECK(std::abs(loss.item() - std::log(2.0) / 2) < 1e-6);
    CHECK(grad(loss, x).to_host() == Numbers{-0.25f, 0, 0.25f, 0, 0, 0});

    const auto sure =
        variable(from_host<Shape<Batch, 3>>(device, 2, Numbers{1e4f, -1e4f, 0, -1e4f, 1e4f, 1e4f}));
    const auto of_another = from_host<Shape<Batch, 3>>(device, 2, Numbers{0, 1, 0, 1, 0, 0});
    const auto large = softmax_cross_entropy(sure, of_another);
    CHECK(std::abs(large.item() - (2e4 + std::log(2.0) / 2)) < 2e-3);
    CHECK(grad(large, sure).to_host() == Numbers{0.5f, -0.5f, 0, -0.5f, 0.25f, 0.25f});
}

TEMPLATE_TEST_CASE("values of losses", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = from_host<Shape<Batch, 2>>(device, 2, std::vector<float>{1, 2, 3, 4});
    const auto t = from_host<Shape<Batch, 2>>(device, 2, std::vector<float>{0, 2, 1, 7});
    CHECK(mse(x, t).item() == (1 + 0 + 4 + 9) / 4.0f);
    CHECK(mse(x, 2).item() == (1 + 0 + 1 + 4) / 4.0f);
}

TEMPLATE_TEST_CASE("losses with mismatched targets are errors", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = filled<Shape<Batch, 4>>(device, 3, 1), t = filled<Shape<Batch, 4>>(device, 2, 1);
    CHECK_THROWS_WITH(
        bce_with_logits(x, t),
        "[bce_with_logits] targets and predictions must have the same shape; got (2, 4) and (3, 4)");
    CHECK_THROWS_WITH(mse(x, t), contains("[mse] targets and predictions must have the same shape"));
    CHECK_THROWS_WITH(
        softmax_cross_entropy(x, t),
        "[softmax_cross_entropy] targets and logits must have the same shape; got (2, 4) and (3, 4)");
}

}  // namespace gantry::test
