#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

// Results in float's range are correct even if intermediate values are outside it.

namespace gantry::test {
namespace {

using Four = Shape<Batch, 4>;

bool near(double got, double expected, double tolerance = 1e-6) {
    return std::abs(got - expected) <= tolerance * std::abs(expected);
}
std::vector<float> shifted(std::vector<float> numbers, float shift) {
    for (float& x : numbers) x += shift;
    return numbers;
}

}  // namespace

TEMPLATE_TEST_CASE("means and losses whose sums or squares overflow", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = from_host<Four>(device, 1, std::vector<float>{3e19f, 0, 0, 0});
    CHECK(near(mse(x, 0.0).item(), 2.25e38));
    CHECK(near(mse(x, filled<Four>(device, 1, 0)).item(), 2.25e38));
    const auto v = variable(x);
    const auto loss = mse(v, 0.0);
    CHECK(near(loss.item(), 2.25e38));
    CHECK(near(grad(loss, v).to_host()[0], 1.5e19));
    CHECK(near(grad(mean(v * 1e19), v).to_host()[1], 2.5e18));

    const auto large = filled<Four>(device, 5000, 2e38);
    CHECK(near(mean(large).item(), 2e38));
    for (const float m : mean_over_batch(large).to_host()) CHECK(near(m, 2e38));
    CHECK(near(mean_per_sample(large).to_host()[4999], 2e38));
    CHECK(near(sum(filled<Four>(device, 5000, 1e-42)).item(), 2e-38, 1e-3));
    CHECK(std::isinf(sum(large).item()));  // exceeds float's range
}

TEMPLATE_TEST_CASE("derivatives in the tails", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const std::vector<float> numbers{-20, -60, 3, -0.5f};
    const auto x = variable(from_host<Four>(device, 1, numbers));
    const auto expected = [&](std::size_t i) {
        return numbers[i] > 0 ? 1 : 0.7 * std::exp(double{numbers[i]});
    };
    SECTION("elu") {
        const auto first = grad(sum(elu(x, 0.7)), x, {.create_graph = true});
        const auto second = grad(sum(first), x).to_host();
        for (std::size_t i = 0; i < 4; ++i) {
            CHECK(near(first.to_host()[i], expected(i)));
            CHECK(near(second[i], numbers[i] > 0 ? 0 : expected(i)));
        }
    }
    SECTION("elu behind a product") {
        std::vector<float> identity(16);
        for (std::size_t i = 0; i < 4; ++i) identity[5 * i] = 1;
        const auto w = from_host<Shape<4, 4>>(device, 0, identity);
        const auto gradient = grad(sum(affine<contracts::ActivationKind::elu>(0.7, x, w)), x).to_host();
        for (std::size_t i = 0; i < 4; ++i) CHECK(near(gradient[i], expected(i)));
        const auto image = reshape<Shape<Batch, 2, 2, 1>>(x);
        const auto one = filled<Shape<1, 1, 1, 1>>(device, 0, 1);
        const auto of_image =
            grad(sum(conv2d<Conv2dOptions{.size = 1}, contracts::ActivationKind::elu>(0.7, image, one)), x)
                .to_host();
        const auto transposed =
            grad(sum(conv_transpose2d<Conv2dOptions{.size = 1}, contracts::ActivationKind::elu>(0.7, image,
                                                                                                one)),
                 x)
                .to_host();
        for (std::size_t i = 0; i < 4; ++i) {
            CHECK(near(of_image[i], expected(i)));
            CHECK(near(transposed[i], expected(i)));
        }
    }
    SECTION("softplus") {
        const auto gradient = grad(sum(softplus(x)), x).to_host();
        for (std::size_t i = 0; i < 4; ++i) CHECK(near(gradient[i], 1 / (1 + std::exp(-double{numbers[i]}))));
    }
    SECTION("binary cross entropy") {
        for (const double target : {0.0, 1.0}) {
            const double sign = target == 1 ? -1 : 1;
            const auto logits = variable(from_host<Four>(
                device, 1,
                std::vector<float>{float(-30 * sign), float(-60 * sign), float(2 * sign), float(sign)}));
            const auto first = grad(bce_with_logits(logits, target), logits, {.create_graph = true});
            const auto second = grad(sum(first), logits).to_host();
            for (std::size_t i = 0; i < 4; ++i) {
                const double size = std::exp(sign * logits.to_host()[i]);
                CHECK(near(first.to_host()[i], sign * size / (1 + size) / 4));
                CHECK(near(second[i], size / (1 + size) / (1 + size) / 4));
            }
            const auto same = grad(bce_with_logits(logits, target), logits).to_host();
            CHECK(near(same[0], sign * std::exp(-30.0) / 4));
        }
    }
}

TEMPLATE_TEST_CASE("batch norm of values with a large mean, and of large and tiny values", "[ops]",
                   GANTRY_TEST_DEVICES) {
    // A mean between two floats, and values whose differences from it are exact.
    TestType device;
    constexpr int features = 4, rows = 37;
    using BatchRows = Shape<Batch, features>;
    using Feature = Shape<features>;
    std::vector<float> small(rows * features), weights = random_numbers<float>(rows * features, "weights");
    for (std::size_t i = 0; i < small.size(); ++i)
        small[i] = 0.125f * static_cast<float>((i * i + 3 * i) % 11);
    const auto run = [&](const std::vector<float>& numbers, bool create_graph, double epsilon = 1e-12) {
        core::Buffer<float, TestType> mean_buffer(device, features), variance_buffer(device, features);
        const Step step{device};
        PersistentTensor<Feature, float, TestType> mean(filled<Feature>(device, 0, 0)),
            variance(filled<Feature>(device, 0, 0));
        const auto x = variable(from_host<BatchRows>(device, rows, numbers));
        const auto scale = variable(filled<Feature>(device, 0, 1)),
                   shift = variable(filled<Feature>(device, 0, 0.5));
        const auto y = batch_norm(x, scale, shift, mean.get(), variance.get(), {.epsilon = epsilon});
        const auto loss = sum(y * from_host<BatchRows>(device, rows, weights));
        const auto [dx, dscale] = grad(loss, std::tuple{x, scale}, {.create_graph = create_graph});
        auto results = y.to_host();
        for (const auto& part : {dx.to_host(), dscale.to_host()})
            results.insert(results.end(), part.begin(), part.end());
        return results;
    };
    for (const bool create_graph : {false, true}) {
        CAPTURE(create_graph);
        CHECK(largest_error(run(shifted(small, 1048576.f), create_graph), run(small, create_graph)) < 1e-5);
    }
    const auto expected = run(small, false, 0);
    const std::size_t size = small.size();
    for (const float factor : {3e19f, 1e25f, 1e-25f})
        for (const bool create_graph : {false, true}) {
            CAPTURE(factor, create_graph);
            auto scaled = small;
            for (float& x : scaled) x *= factor;
            auto got = run(scaled, create_graph, 0);
            for (std::size_t i = size; i < 2 * size; ++i) got[i] *= factor;  // dx
            CHECK(largest_error(got, expected) < 1e-4);
        }
}

TEMPLATE_TEST_CASE("second derivatives of batch norm of large and small values", "[ops]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    using BatchRows = Shape<Batch, 3>;
    const auto numbers = random_numbers<float>(15, "x"), weights = random_numbers<float>(15, "weights");
    const auto second = [&](double factor) {  // times factor^2
        const Step step{device};
        const auto x = variable(factor * from_host<BatchRows>(device, 5, numbers));
        const auto zero = [&] { return filled<Shape<3>>(device, 0, 0); };
        const auto y = batch_norm(x, zero(), zero(), {.epsilon = 0});
        const auto loss = sum(y * from_host<BatchRows>(device, 5, weights));
        const auto first = grad(loss, x, {.create_graph = true});
        auto result = grad(factor * sum(first * from_host<BatchRows>(device, 5, numbers)), x).to_host();
        for (float& d : result) d *= static_cast<float>(factor);
        return result;
    };
    const auto expected = second(1);
    for (const double factor : {1e-18, 1e18}) {
        CAPTURE(factor);
        CHECK(largest_error(second(factor), expected) < 1e-4);
    }
}

}  // namespace gantry::test
