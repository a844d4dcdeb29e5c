// EigenCpu with 16-bit scalars: results are those of float, rounded.
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/eigen.hpp>

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
              const auto [y, switches] = max_pool2d<Pooling{.size = 2}>(x);
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
