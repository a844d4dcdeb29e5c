#include "support/op_check.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace gantry::test {
namespace {

using Photos = Shape<Batch, 2, 3, 4>;
using Reals = std::vector<float>;
const OpCheckOptions across_samples{.singles = Singles::not_checked};

}  // namespace

TEMPLATE_TEST_CASE("sums, means and variances over axes", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Photos>("sum_over: first axes", [](const auto& x) { return square(sum_over<1>(x)); });
    check_op<D, Photos>("sum_over: middle axes", [](const auto& x) { return square(sum_over<1, 2>(x)); });
    check_op<D, Photos>("sum_over: last axis", [](const auto& x) { return square(sum_over<-1>(x)); });
    check_op<D, Photos>("sum_over: axes apart", [](const auto& x) { return square(sum_over<3, 1>(x)); });
    check_op<D, Photos>(
        "sum_over: with the batch", [](const auto& x) { return square(sum_over<0, 2>(x)); }, across_samples);
    check_op<D, Photos>("mean_over", [](const auto& x) { return square(mean_over<1, -1>(x)); });
    check_op<D, Photos>("variance_over", [](const auto& x) { return variance_over<1, 2>(x); });
    check_op<D, Photos>(
        "variance_over: with the batch", [](const auto& x) { return variance_over<0, 1, 2>(x); },
        across_samples);
}

TEMPLATE_TEST_CASE("maxima over axes", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Photos>("max_over", [](const auto& x) { return square(max_over<1, 2>(x)); });
    check_op<D, Photos>("max_over: last axis", [](const auto& x) { return square(max_over<-1>(x)); });
    check_op<D, Photos>("max_over: axes apart", [](const auto& x) { return square(max_over<1, 3>(x)); });
    check_op<D, Photos>(
        "max_over: the batch", [](const auto& x) { return square(max_over<0>(x)); }, across_samples);
}

TEMPLATE_TEST_CASE("softmax along any axis", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Photos>("softmax: last of many axes", [](const auto& x) { return square(softmax(x)); });
    check_op<D, Photos>("softmax: another axis", [](const auto& x) { return square(softmax<1>(x)); });
    check_op<D, Photos>("log_softmax", [](const auto& x) { return square(log_softmax(x)); });
    check_op<D, Photos>("log_softmax: another axis", [](const auto& x) { return square(log_softmax<2>(x)); });
}

TEMPLATE_TEST_CASE("values of reductions over axes", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x =
        variable(from_host<Shape<Batch, 2, 3>>(device, 2, Reals{1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60}));
    static_assert(std::is_same_v<typename decltype(sum_over<0, 2>(x))::shape, Shape<2>>);
    CHECK(sum_over<1>(x).to_host() == Reals{5, 7, 9, 50, 70, 90});
    CHECK(sum_over<2>(x).to_host() == Reals{6, 15, 60, 150});
    CHECK(sum_over<0, 2>(x).to_host() == Reals{66, 165});
    CHECK(sum_over<0, 1, 2>(x).to_host() == Reals{231});
    CHECK(mean_over<-1>(x).to_host() == Reals{2, 5, 20, 50});
    CHECK(mean_over<0>(x).to_host() == Reals{5.5, 11, 16.5, 22, 27.5, 33});
    CHECK(mean_over<0, 2>(x).to_host() == Reals{11, 27.5});
    CHECK(variance_over<1>(x).to_host() == Reals{2.25, 2.25, 2.25, 225, 225, 225});
    CHECK(variance_over<0, 1>(x).to_host()[0] == 240.1875f);
    CHECK(max_over<1>(x).to_host() == Reals{4, 5, 6, 40, 50, 60});
    CHECK(max_over<0, 2>(x).to_host() == Reals{30, 60});
    const auto ties = variable(from_host<Shape<Batch, 4>>(device, 1, Reals{1, 3, 3, 2}));
    CHECK(grad(sum(max_over<1>(ties)), ties).to_host() == Reals{0, 1, 0, 0});
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto with_nan = variable(from_host<Shape<Batch, 4>>(device, 1, Reals{1, nan, nan, 2}));
    CHECK(std::isnan(max_over<1>(with_nan).to_host()[0]));
    CHECK(grad(sum(max_over<1>(with_nan)), with_nan).to_host() == Reals{0, 1, 0, 0});
}

TEMPLATE_TEST_CASE("log_softmax of logits far apart", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = from_host<Shape<Batch, 3>>(device, 1, Reals{1e4f, 0, -1e30f});
    CHECK(log_softmax(x).to_host() == Reals{0, -1e4f, -1e30f});
}

// Matrices for all threads, few matrices with many rows, and rows that are summed in several parts on the
// GPU.
TEMPLATE_TEST_CASE("sums over the middle axis of large tensors", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto check = [&]<class S>(S, int batch) {
        const std::size_t rows = S::extents(1).of[1], columns = S::extents(1).of[2];
        Reals values(S::size(batch));
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<float>(i % 13 + i / columns % 7);
        Reals expected(columns * static_cast<std::size_t>(batch));
        for (std::size_t i = 0; i < values.size(); ++i)
            expected[i / (rows * columns) * columns + i % columns] += values[i];
        const auto x = variable(from_host<S>(device, batch, values));
        const auto sums = sum_over<1>(x);
        CHECK(sums.to_host() == expected);
        // Each element gets the sum of its column.
        const Reals gradient = grad(sum(square(sums)), x).to_host();
        bool same = true;
        for (std::size_t i = 0; i < values.size(); ++i)
            same = same && gradient[i] == 2 * expected[i / (rows * columns) * columns + i % columns];
        CHECK(same);
    };
    check(Shape<Batch, 35, 16>{}, 37);
    check(Shape<Batch, 1100, 3>{}, 2);
    check(Shape<Batch, 3, 1030>{}, 5);
}

}  // namespace gantry::test
