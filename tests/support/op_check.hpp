#pragma once
#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>
#include <gantry/grad/gradcheck.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

namespace gantry::test {

/// How the result for a batch follows from the results for its samples, each as a batch of one.
enum class Singles { stacked, summed, averaged, not_checked };

struct OpCheckOptions {
    double low = -1, high = 1;  ///< inputs are uniform in [low, high)
    std::vector<int> batches = {GANTRY_TEST_BATCHES};
    Singles singles = Singles::stacked;
    double float_tolerance = 2e-6;  ///< relative to 1 + the largest expected magnitude
};

namespace detail {

using gantry::detail::ValueFunction;
using Numbers = std::vector<std::vector<double>>;

template <class T, class U>
std::vector<T> converted(const std::vector<U>& x) {
    return {x.begin(), x.end()};
}

/// Random inputs that are exactly representable in float.
inline Numbers random_inputs(const std::vector<core::Extents>& shapes, const OpCheckOptions& options) {
    Numbers inputs;
    for (const core::Extents& shape : shapes)
        inputs.push_back(converted<double>(random_numbers<float>(
            shape.size(), "input " + std::to_string(inputs.size()), options.low, options.high)));
    return inputs;
}

/// An op's result, followed by its gradients for a random upstream gradient.
template <class T, class D>
Numbers run(D& device, const ValueFunction<T, D>& f, const std::vector<core::Extents>& shapes,
            const Numbers& inputs) {
    const gantry::detail::Poisoned<D> poisoned(device);
    const Step<D> step{device};
    std::vector<TensorRef<T, D>> x;
    for (std::size_t k = 0; k < inputs.size(); ++k)
        x.push_back(gantry::detail::value_from_host(device, shapes[k], converted<T>(inputs[k]), true));
    const TensorRef<T, D> y = f(x);
    const auto upstream =
        gantry::detail::value_from_host(device, y.extents, random_numbers<T>(y.size(), "upstream"), false);
    Numbers results{converted<double>(gantry::detail::to_host(y))};
    for (const auto& gradient : gantry::detail::gradients_of(gantry::ops::sum_all(y * upstream), x, false))
        results.push_back(converted<double>(gantry::detail::to_host(gradient)));
    return results;
}

inline void check_near(const std::vector<double>& got, const std::vector<double>& expected,
                       double tolerance) {
    REQUIRE(got.size() == expected.size());
    double largest_error = 0, largest = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double error = std::abs(got[i] - expected[i]);
        largest_error = error <= largest_error ? largest_error : std::isnan(error) ? INFINITY : error;
        largest = std::max(largest, std::abs(expected[i]));
    }
    CHECK(largest_error <= tolerance * (1 + largest));
}

template <class T, class D>
void check_parity(const ValueFunction<T, D>& f, const ValueFunction<double, EigenCpu>& reference_f,
                  const std::vector<core::Extents>& shapes, const OpCheckOptions& options, double tolerance) {
    D device;
    EigenCpu reference;
    const Numbers inputs = random_inputs(shapes, options);
    const Numbers got = run(device, f, shapes, inputs);
    const Numbers expected = run(reference, reference_f, shapes, inputs);
    for (std::size_t k = 0; k < got.size(); ++k) {
        INFO("parity with the reference device, " << sizeof(T)
                                                  << " bytes: " << (k == 0 ? "result" : "a gradient"));
        check_near(got[k], expected[k], tolerance);
    }
}

/// Shape k has a batch extent, of size `batch`, if batched[k].
template <class D>
void check_singles(const ValueFunction<double, D>& f, std::vector<core::Extents> shapes, int batch,
                   const std::vector<bool>& batched, const OpCheckOptions& options) {
    D device;
    const Numbers inputs = random_inputs(shapes, options);
    const std::vector<double> whole = run(device, f, shapes, inputs)[0];
    for (std::size_t k = 0; k < shapes.size(); ++k)
        if (batched[k]) shapes[k].of[0] = 1;
    const bool stacked = options.singles == Singles::stacked;
    std::vector<double> singles(stacked ? 0 : whole.size());
    for (int item = 0; item < batch; ++item) {
        Numbers single = inputs;
        for (std::size_t k = 0; k < inputs.size(); ++k)
            if (batched[k]) {
                const auto size = static_cast<std::ptrdiff_t>(shapes[k].size());
                single[k].assign(inputs[k].begin() + item * size, inputs[k].begin() + (item + 1) * size);
            }
        const std::vector<double> y = run(device, f, shapes, single)[0];
        if (stacked) {
            singles.insert(singles.end(), y.begin(), y.end());
        } else {
            for (std::size_t i = 0; i < y.size(); ++i)
                singles[i] += options.singles == Singles::summed ? y[i] : y[i] / batch;
        }
    }
    INFO("a batch against its samples one by one");
    check_near(singles, whole, 1e-13);
}

template <class D>
void check_derivatives(const ValueFunction<double, D>& f, const std::vector<core::Extents>& shapes,
                       const OpCheckOptions& options) {
    D device;
    const ops::GradcheckOptions check{
        .low = options.low, .high = options.high, .elements = GANTRY_TEST_ELEMENTS};
    const auto first = gantry::detail::gradcheck(device, shapes, f, check);
    INFO("gradcheck: " << first.message);
    CHECK(first.passed);
    const auto second = gantry::detail::gradgradcheck(device, shapes, f, check);
    INFO("gradgradcheck: " << second.message);
    CHECK(second.passed);
}

}  // namespace detail

/// Checks an op on device D with inputs of shapes S: first and second derivatives against central
/// differences, in memory filled with NaN; result and gradients against the reference device for random
/// upstream gradients, in float and double; a batch against its samples one by one.
///     check_op<D, Shape<Batch, 3>, Shape<3, 4>>("matmul", [](auto x, auto w) { return matmul(x, w); });
/// f takes Variables of any scalar and device. docs/ops.md lists the ops by `name`.
template <class D, class... S, class F>
void check_op(const std::string& name, const F& f, const OpCheckOptions& options = {}) {
    using gantry::detail::without_shapes;
    const auto in_double = without_shapes<double, D, S...>(f);
    for (const int batch_size : options.batches) {
        INFO(name << ", batch " << batch_size);
        detail::check_derivatives<D>(in_double, {S::extents(batch_size)...}, options);
    }
    constexpr int batch_size = 5;
    INFO(name);
    if (options.singles != Singles::not_checked)
        detail::check_singles<D>(in_double, {S::extents(batch_size)...}, batch_size, {S::batched...},
                                 options);
    if constexpr (!std::is_same_v<D, EigenCpu>) {
        const auto in_float = without_shapes<float, D, S...>(f);
        const auto expected = without_shapes<double, EigenCpu, S...>(f);
        for (const int size : {options.batches.front(), 67}) {
            const std::vector<core::Extents> shapes{S::extents(size)...};
            detail::check_parity(in_double, expected, shapes, options, 1e-13);
            detail::check_parity(in_float, expected, shapes, options, options.float_tolerance);
        }
    }
}

}  // namespace gantry::test
