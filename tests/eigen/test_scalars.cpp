// EigenCpu with 16-bit scalars: results are those of float, rounded, unless another scalar is given for sums.
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/eigen.hpp>
#include <gantry/optim/sgd.hpp>

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

/// The distance from 1 to the next T. (The epsilon that Eigen 3.4 gives for half is an eighth of it.)
template <class T>
constexpr double rounding = std::is_same_v<T, Eigen::half> ? 0x1p-10 : 0x1p-7;

template <class X>
auto host(const X& x) {
    return x.to_host();
}
template <class S, class T>
auto host(const PersistentTensor<S, T, EigenCpu>& x) {
    return x.get().to_host();
}

/// Computes f in T and in double from the same inputs, and returns the largest error relative to 1 + |result|
/// in units of T's rounding.
template <class T, class... S, class F>
double error_in_roundings(const F& f) {
    EigenCpu device;
    const auto in = [&]<class U>(U) {
        int number = 0;
        const auto input = [&]<class Dimensions>(Dimensions) {
            const auto numbers = random_numbers<double>(Dimensions::size(5), std::to_string(number++));
            const std::vector<T> rounded(numbers.begin(), numbers.end());
            return from_host<Dimensions>(device, 5, std::vector<U>(rounded.begin(), rounded.end()));
        };
        const std::tuple inputs{input(S{})...};  // in order
        return host(std::apply(f, inputs));
    };
    std::vector<double> got;
    for (const T x : in(T{})) got.push_back(static_cast<double>(x));
    return largest_error(got, in(double{})) / rounding<T>;
}

}  // namespace

TEMPLATE_TEST_CASE("Ops compute in 16-bit scalars and round once", "[eigen]", Eigen::half, Eigen::bfloat16) {
    using T = TestType;
    using X = Shape<Batch, 37>;
    using W = Shape<37, 6>;
    CHECK(error_in_roundings<T, X, W>([](auto x, auto w) { return matmul(x, w); }) <= 0.5);
    CHECK(error_in_roundings<T, X, W, Shape<6>>([](auto x, auto w, auto b) {
              return affine<contracts::ActivationKind::sigmoid>(0, x, w, b);
          }) <= 0.5);
    CHECK(error_in_roundings<T, X, X>([](auto x, auto y) { return x * y; }) <= 0.5);
    CHECK(error_in_roundings<T, X>([](auto x) { return tanh(x); }) <= 0.5);
    CHECK(error_in_roundings<T, X>([](auto x) { return gelu(x); }) <= 0.5);
    CHECK(error_in_roundings<T, X>([](auto x) { return leaky_relu(x, 0.2); }) <= 0.5);
    CHECK(error_in_roundings<T, X>([](auto x) { return sum(x); }) <= 0.5);
    CHECK(error_in_roundings<T, X>([](auto x) { return mean(x); }) <= 0.5);
    CHECK(error_in_roundings<T, X>([](auto x) { return softmax(x); }) <= 0.5);
    CHECK(error_in_roundings<T, Shape<Batch, 6, 6, 3>, Shape<3, 3, 3, 4>>([](auto x, auto w) {
              return conv2d<Conv2dOptions{.size = 3, .stride = 2, .padding = 1}>(x, w);
          }) <= 0.5);
    CHECK(error_in_roundings<T, Shape<Batch, 6, 6, 3>>([](auto x) {
              const auto [y, switches] = max_pool2d<Pool2dOptions{.size = 2}>(x);
              return y;
          }) == 0);
}

TEMPLATE_TEST_CASE("Gradients in 16-bit scalars", "[eigen]", Eigen::half, Eigen::bfloat16) {
    using T = TestType;
    // The sum over the batch is rounded once; the upstream gradient, tanh's derivative, before it.
    CHECK(error_in_roundings<T, Shape<Batch, 9>, Shape<9, 4>>([](auto x, auto w) {
              const Step step{x.device()};
              const auto leaf = variable(w);
              return PersistentTensor(detach(grad(sum(tanh(matmul(x, leaf))), leaf)));
          }) <= 3);
}

TEST_CASE("Kernels with separate scalars for storage, sums and parameters", "[eigen]") {
    using T = Eigen::bfloat16;
    EigenCpu device;
    const std::vector<T> a{T(256), T(0x1p-10f), T(-256)}, b{T(256), T(0), T(1), T(1024), T(256), T(0)};
    const std::vector<float> bias{0, -1 + 0x1p-20f};  // rounds to -1 in bfloat16
    std::vector<T> c(2);
    launch(device, contracts::MatmulParameters<T, double, float>{.rows = 1,
                                                                 .columns = 2,
                                                                 .inner = 3,
                                                                 .a = a.data(),
                                                                 .b = b.data(),
                                                                 .c = c.data(),
                                                                 .bias = bias.data()});
    CHECK(c == std::vector{T(0x1p-10f), T(0x1p-20f)});  // a sum of floats loses 2^-10

    const std::vector<T> x{T(1), T(1 + 0x1p-7f)};
    const float one = 1, zero = 0;
    float running_mean = 0, running_variance = 0;
    double mean = 0, rstd = 0;
    launch(device, contracts::BatchNormParameters<T, double, float>{.rows = 2,
                                                                    .columns = 1,
                                                                    .x = x.data(),
                                                                    .scale = &one,
                                                                    .shift = &zero,
                                                                    .y = c.data(),
                                                                    .mean = &mean,
                                                                    .rstd = &rstd,
                                                                    .running_mean = &running_mean,
                                                                    .running_variance = &running_variance,
                                                                    .epsilon = 0,
                                                                    .momentum = 1});
    CHECK(mean == 1 + 0x1p-8);
    CHECK(rstd == 256);
    CHECK(running_mean == 1 + 0x1p-8f);
    CHECK(running_variance == 0x1p-15f);
    CHECK(c == std::vector{T(-1), T(1)});

    const T gradient{0x1p-12f};
    float weight = 1;
    launch(device, contracts::UpdateParameters<optim::SgdUpdate<float>, T>{
                       .update = {{}, 1, 0, true}, .size = 1, .w = &weight, .g = &gradient});
    CHECK(weight == 1 - 0x1p-12f);
}
