#include "support/op_check.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace gantry::test {
namespace {

using Features = Shape<Batch, 19>;
const OpCheckOptions wide{.low = -4, .high = 4};

struct Sample {
    float x, y, derivative;
};

/// Checks values and derivatives at single points.
template <class D, class F>
void check_samples(const F& f, const std::vector<Sample>& samples) {
    D device;
    for (const Sample& sample : samples) {
        const Step step{device};
        // 17 equal values: full vectors of every width, and a remainder
        const auto x = variable(filled<Shape<17>>(device, 0, sample.x));
        const auto y = f(x);
        const auto derivative = grad(sum(y), x).to_host();
        const auto values = y.to_host();
        for (std::size_t i : {0u, 16u}) {
            CAPTURE(i, sample.x, values[i], derivative[i]);
            if (std::isinf(sample.y))
                CHECK(values[i] == sample.y);
            else
                CHECK(std::abs(values[i] - sample.y) <= 1e-6f * (1 + std::abs(sample.y)));
            CHECK(std::abs(derivative[i] - sample.derivative) <= 1e-6f);
        }
    }
}

constexpr float infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEMPLATE_TEST_CASE("activations", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Features>("relu", [](const auto& x) { return relu(x); }, wide);
    check_op<D, Features>("leaky_relu", [](const auto& x) { return leaky_relu(x, 0.2); }, wide);
    check_op<D, Features>("elu", [](const auto& x) { return elu(x, 0.7); }, wide);
    check_op<D, Features>("softplus", [](const auto& x) { return softplus(x); }, wide);
    check_op<D, Features>("sigmoid", [](const auto& x) { return sigmoid(x); }, wide);
    check_op<D, Features>("tanh", [](const auto& x) { return tanh(x); }, wide);
    check_op<D, Features>("gelu", [](const auto& x) { return gelu(x); }, wide);
    check_op<D, Features>("silu", [](const auto& x) { return silu(x); }, wide);
}

TEMPLATE_TEST_CASE("activations at kinks and extremes", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    // At a kink: the left derivative, as in PyTorch.
    check_samples<D>([](const auto& x) { return relu(x); }, {{-1e4f, 0, 0},
                                                             {-0.0f, 0, 0},
                                                             {0, 0, 0},
                                                             {1e-30f, 1e-30f, 1},
                                                             {1e4f, 1e4f, 1},
                                                             {infinity, infinity, 1}});
    check_samples<D>([](const auto& x) { return leaky_relu(x, 0.25); }, {{-infinity, -infinity, 0.25f},
                                                                         {-1e4f, -2500, 0.25f},
                                                                         {0, 0, 0.25f},
                                                                         {1e4f, 1e4f, 1},
                                                                         {infinity, infinity, 1}});
    check_samples<D>(
        [](const auto& x) { return elu(x, 1.5); },
        {{-infinity, -1.5f, 0}, {-1e4f, -1.5f, 0}, {0, 0, 1.5f}, {1e4f, 1e4f, 1}, {infinity, infinity, 1}});
    check_samples<D>([](const auto& x) { return softplus(x); }, {{-infinity, 0, 0},
                                                                 {-1e4f, 0, 0},
                                                                 {-100, 0, 0},
                                                                 {0, std::log(2.0f), 0.5f},
                                                                 {100, 100, 1},
                                                                 {1e4f, 1e4f, 1},
                                                                 {infinity, infinity, 1}});
    check_samples<D>([](const auto& x) { return sigmoid(x); },
                     {{-infinity, 0, 0}, {-1e4f, 0, 0}, {0, 0.5f, 0.25f}, {1e4f, 1, 0}, {infinity, 1, 0}});
    check_samples<D>([](const auto& x) { return tanh(x); },
                     {{-infinity, -1, 0}, {-1e4f, -1, 0}, {0, 0, 1}, {1e4f, 1, 0}, {infinity, 1, 0}});
    // PyTorch's values where they are finite; it gives NaN for -infinity.
    check_samples<D>([](const auto& x) { return gelu(x); }, {{-infinity, 0, 0},
                                                             {-1e30f, 0, 0},
                                                             {-1e4f, 0, 0},
                                                             {-3, -0.00404969f, -0.01194566f},
                                                             {-0.5f, -0.15426877f, 0.13250488f},
                                                             {0, 0, 0.5f},
                                                             {2, 1.9544997f, 1.0852318f},
                                                             {1e30f, 1e30f, 1},
                                                             {infinity, infinity, 1}});
    check_samples<D>([](const auto& x) { return silu(x); }, {{-infinity, 0, 0},
                                                             {-1e30f, 0, 0},
                                                             {-1e4f, 0, 0},
                                                             {-3, -0.14227763f, -0.08810411f},
                                                             {-0.5f, -0.18877034f, 0.26003882f},
                                                             {0, 0, 0.5f},
                                                             {2, 1.7615942f, 1.0907842f},
                                                             {1e30f, 1e30f, 1},
                                                             {infinity, infinity, 1}});
}

TEMPLATE_TEST_CASE("activations propagate NaN", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = filled<Shape<17>>(device, 0, std::numeric_limits<double>::quiet_NaN());
    const auto all_nan = [](const auto& y) {
        for (const float number : y.to_host())
            if (!std::isnan(number)) return false;
        return true;
    };
    CHECK(all_nan(relu(x)));
    CHECK(all_nan(leaky_relu(x, 0.2)));
    CHECK(all_nan(elu(x)));
    CHECK(all_nan(softplus(x)));
    CHECK(all_nan(sigmoid(x)));
    CHECK(all_nan(tanh(x)));
    CHECK(all_nan(gelu(x)));
    CHECK(all_nan(silu(x)));
}

TEST_CASE("parameters of activations out of range are errors", "[ops]") {
    EigenCpu device;
    const auto x = filled<Shape<3>>(device, 0, 1);
    CHECK_THROWS_WITH(leaky_relu(x, -0.1), "[leaky_relu] the negative slope must be at least 0; got -0.1");
    CHECK_THROWS_WITH(elu(x, 0), "[elu] alpha must be positive; got 0");
}

}  // namespace gantry::test
