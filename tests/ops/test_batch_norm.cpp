#include "ops/batch_norm_reference.hpp"
#include "support/op_check.hpp"

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

namespace gantry::test {
namespace {

using Features = Shape<Batch, 19>;
using Statistics = Shape<19>;
constexpr BatchNormOptions large_epsilon{.epsilon = 0.1};  // affects every derivative

template <contracts::ActivationKind kind>
const auto training = [](const auto& x, const auto& scale, const auto& shift) {
    const auto mean = filled<Statistics, typename std::decay_t<decltype(x)>::scalar>(x.device(), 0, 0);
    const auto variance = filled<Statistics, typename std::decay_t<decltype(x)>::scalar>(x.device(), 0, 1);
    return batch_norm<kind>(x, scale, shift, mean, variance, large_epsilon, 0.2);
};
template <contracts::ActivationKind kind>
const auto given_statistics = [](const auto& x, const auto& scale, const auto& shift) {
    using T = typename std::decay_t<decltype(x)>::scalar;
    const auto mean = from_host<Statistics>(x.device(), 0, random_numbers<T>(19, "mean"));
    const auto variance = from_host<Statistics>(x.device(), 0, random_numbers<T>(19, "variance", 0.5, 2));
    return batch_norm_evaluation<kind>(x, scale, shift, mean, variance, large_epsilon, 0.2);
};

const auto not_affine = [](const auto& x) {
    using T = typename std::decay_t<decltype(x)>::scalar;
    const auto mean = filled<Statistics, T>(x.device(), 0, 0),
               variance = filled<Statistics, T>(x.device(), 0, 1);
    return batch_norm<contracts::ActivationKind::leaky_relu>(x, mean, variance, large_epsilon, 0.2);
};
const auto given_statistics_not_affine = [](const auto& x) {
    using T = typename std::decay_t<decltype(x)>::scalar;
    const auto mean = from_host<Statistics>(x.device(), 0, random_numbers<T>(19, "mean"));
    const auto variance = from_host<Statistics>(x.device(), 0, random_numbers<T>(19, "variance", 0.5, 2));
    return square(
        batch_norm_evaluation<contracts::ActivationKind::leaky_relu>(x, mean, variance, large_epsilon, 0.2));
};

/// A part of a reference array, converted to T.
template <class T>
std::vector<T> part(const std::vector<double>& all, std::size_t i, std::size_t size) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * size);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

/// B: shape of a batch. A case without affine parameters has no scale.
template <class D, class T, class B, bool affine>
void check_against_pytorch(const batch_norm_reference::Case& e, double tolerance) {
    constexpr std::size_t features = batch_norm_reference::features;
    const std::size_t size = B::size(batch_norm_reference::batch);
    constexpr BatchNormOptions options{.epsilon = batch_norm_reference::epsilon,
                                       .momentum = batch_norm_reference::momentum};
    using V = Shape<batch_norm_reference::features>;
    D device;
    core::Buffer<T, D> running_mean(device, features), running_variance(device, features);
    running_mean.from_host(part<T>(e.running_mean, 0, features));
    running_variance.from_host(part<T>(e.running_variance, 0, features));
    const auto near = [&](const auto& got, const std::vector<double>& all, std::size_t i) {
        return largest_error(got, part<double>(all, i, got.size())) < tolerance;
    };
    const auto state = [&](core::Buffer<T, D>& buffer) {
        return Tensor<V, T, D>{TensorRef<T, D>{buffer.data(), &device, V::extents(0), 0, nullptr}};
    };
    const auto input = [&](const std::vector<double>& all) {
        return variable(from_host<V>(device, 0, part<T>(all, 0, features)));
    };
    for (std::size_t i = 0; i < batch_norm_reference::steps; ++i) {
        const Step step{device};
        const auto x = variable(from_host<B>(device, batch_norm_reference::batch, part<T>(e.x, i, size)));
        const auto upstream = from_host<B>(device, batch_norm_reference::batch, part<T>(e.upstream, i, size));
        if constexpr (affine) {
            const auto scale = input(e.scale), shift = input(e.shift);
            const auto y = batch_norm(x, scale, shift, state(running_mean), state(running_variance), options);
            const auto [dx, dscale, dshift] = grad(sum(y * upstream), std::tuple{x, scale, shift});
            CHECK(near(y.to_host(), e.y, i));
            CHECK(near(dx.to_host(), e.x_gradient, i));
            CHECK(near(dscale.to_host(), e.scale_gradient, i));
            CHECK(near(dshift.to_host(), e.shift_gradient, i));
        } else {
            const auto y = batch_norm(x, state(running_mean), state(running_variance), options);
            CHECK(near(y.to_host(), e.y, i));
            CHECK(near(grad(sum(y * upstream), x).to_host(), e.x_gradient, i));
        }
    }
    CHECK(near(running_mean.to_host(), e.running_mean_after, 0));
    CHECK(near(running_variance.to_host(), e.running_variance_after, 0));
    const Step step{device};
    const auto x = from_host<B>(device, batch_norm_reference::batch, part<T>(e.x, 0, size));
    const auto mean = state(running_mean), variance = state(running_variance);
    if constexpr (affine)
        CHECK(
            near(batch_norm_evaluation(x, input(e.scale), input(e.shift), mean, variance, options).to_host(),
                 e.y_in_evaluation, 0));
    else
        CHECK(near(batch_norm_evaluation(x, mean, variance, options).to_host(), e.y_in_evaluation, 0));
}

}  // namespace

TEMPLATE_TEST_CASE("batch_norm", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    const OpCheckOptions batches{
        .batches = {2, 5, 8}, .singles = Singles::not_checked, .float_tolerance = 1e-5};
    check_op<D, Features, Statistics, Statistics>("batch_norm", training<contracts::ActivationKind::identity>,
                                                  batches);
    check_op<D, Features, Statistics, Statistics>("batch_norm: leaky_relu",
                                                  training<contracts::ActivationKind::leaky_relu>, batches);
    check_op<D, Features>("batch_norm: not affine", not_affine, batches);
    check_op<D, Shape<Batch, 2, 3, 19>, Statistics, Statistics>(
        "batch_norm: images", training<contracts::ActivationKind::identity>,
        {.batches = {1, 3}, .singles = Singles::not_checked, .float_tolerance = 1e-5});
}

TEMPLATE_TEST_CASE("batch_norm_evaluation", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Features, Statistics, Statistics>("batch_norm_evaluation",
                                                  given_statistics<contracts::ActivationKind::identity>);
    check_op<D, Features, Statistics, Statistics>("batch_norm_evaluation: leaky_relu",
                                                  given_statistics<contracts::ActivationKind::leaky_relu>);
    check_op<D, Features>("batch_norm_evaluation: not affine", given_statistics_not_affine);
}

TEMPLATE_TEST_CASE("batch_norm matches PyTorch", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    using Vectors = Shape<Batch, batch_norm_reference::features>;
    using Images = Shape<Batch, batch_norm_reference::height, batch_norm_reference::width,
                         batch_norm_reference::features>;
    const auto all = [&]<class T>(T, double tolerance) {
        check_against_pytorch<D, T, Vectors, true>(batch_norm_reference::vectors, tolerance);
        check_against_pytorch<D, T, Images, true>(batch_norm_reference::images, tolerance);
        check_against_pytorch<D, T, Images, false>(batch_norm_reference::images_not_affine, tolerance);
    };
    all(0., 1e-12);
    all(0.f, 1e-5);
}

TEMPLATE_TEST_CASE("batch_norm: the fused derivative matches the one composed of ops", "[ops]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto random = [&]<class S>(S, const char* name) {
        return variable(from_host<S>(device, 7, random_numbers<double>(S::size(7), name)));
    };
    const auto inputs =
        std::tuple{random(Features{}, "x"), random(Statistics{}, "scale"), random(Statistics{}, "shift")};
    const auto y = std::apply(training<contracts::ActivationKind::leaky_relu>, inputs);
    const auto loss = sum(y * random(Features{}, "upstream"));
    const auto fused = grad(loss, inputs), in_ops = grad(loss, inputs, {.create_graph = true});
    CHECK(largest_error(std::get<0>(fused).to_host(), std::get<0>(in_ops).to_host()) < 1e-13);
    CHECK(largest_error(std::get<1>(fused).to_host(), std::get<1>(in_ops).to_host()) < 1e-13);
    CHECK(largest_error(std::get<2>(fused).to_host(), std::get<2>(in_ops).to_host()) < 1e-13);
}

TEMPLATE_TEST_CASE("batch_norm keeps its precision for a large mean", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    constexpr int batch = 200;
    const auto numbers = random_numbers<float>(batch * 19, "x", 1e4 - 1, 1e4 + 1);
    const auto one = filled<Statistics>(device, 0, 1), zero = filled<Statistics>(device, 0, 0);
    const auto mean = filled<Statistics>(device, 0, 0), variance = filled<Statistics>(device, 0, 0);
    const auto y =
        batch_norm(from_host<Features>(device, batch, numbers), one, zero, mean, variance, {.momentum = 1})
            .to_host();
    for (std::size_t c : {0u, 18u}) {
        double m = 0, v = 0;
        for (std::size_t r = 0; r < batch; ++r) m += numbers[r * 19 + c] / double{batch};
        for (std::size_t r = 0; r < batch; ++r) v += std::pow(numbers[r * 19 + c] - m, 2) / (batch - 1);
        CHECK(std::abs(variance.to_host()[c] - v) < 1e-4);  // sum(x^2) / n - mean^2 would be off by 10
        CHECK(std::abs(mean.to_host()[c] - m) < 1e-3);
        CHECK(std::abs(y[c] - (numbers[c] - m) / std::sqrt(v * (batch - 1) / batch)) < 2e-3);
    }
}

TEMPLATE_TEST_CASE("batch_norm of one value is an error in training", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = filled<Features>(device, 1, 1);
    const auto one = filled<Statistics>(device, 0, 1);
    CHECK_THROWS_WITH(batch_norm(x, one, one, one, one),
                      "[batch_norm] training requires more than one value per feature; got a batch of 1");
    CHECK_NOTHROW(batch_norm_evaluation(x, one, one, one, one));
}

TEMPLATE_TEST_CASE("batch norm on two devices is an error that names the function", "[ops]",
                   GANTRY_TEST_DEVICES) {
    TestType device, other;
    const auto x = filled<Features>(device, 2, 1);
    const auto one = filled<Statistics>(device, 0, 1), there = filled<Statistics>(other, 0, 1);
    const std::string rule = "the inputs of an op must be on the same device object";
    CHECK_THROWS_WITH(batch_norm(x, there, one, one, one), "[batch_norm] " + rule);
    CHECK_THROWS_WITH(batch_norm_evaluation(x, there, one, one, one), "[batch_norm_evaluation] " + rule);
}

}  // namespace gantry::test
