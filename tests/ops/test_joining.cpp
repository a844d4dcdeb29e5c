#include "support/op_check.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

using Items = Shape<Batch, 3, 5>;
const OpCheckOptions no_singles{.singles = Singles::not_checked};

}  // namespace

TEMPLATE_TEST_CASE("reshape and flatten", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Items>("reshape", [](const auto& x) { return square(reshape<Shape<Batch, 5, 3>>(x)); });
    check_op<D, Items>("flatten", [](const auto& x) { return square(flatten(x)); });
    check_op<D, Shape<Batch, 2, 3, 4>>("flatten: two axes", [](const auto& x) {
        const auto y = flatten<1, -2>(x);
        static_assert(std::is_same_v<typename decltype(y)::shape, Shape<Batch, 6, 4>>);
        return square(y);
    });
    check_op<D, Items, Shape<Batch, 5, 3>>(
        "reshape_as", [](const auto& x, const auto& like) { return reshape_as(x, like) * like; });
}

TEMPLATE_TEST_CASE("concatenate and slice", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Items, Shape<Batch, 3, 2>>(
        "concatenate", [](const auto& a, const auto& b) { return square(concatenate(a, b)); });
    check_op<D, Shape<Batch, 5>, Shape<Batch, 5>>(
        "concatenate_batch", [](const auto& a, const auto& b) { return square(concatenate_batch(a, b)); },
        no_singles);
    check_op<D, Items, Shape<Batch, 2, 5>, Shape<Batch, 1, 5>>(
        "concatenate: three along the middle axis",
        [](const auto& a, const auto& b, const auto& c) { return square(concatenate<1>(a, b, c)); });
    check_op<D, Items, Items, Items>(
        "stack", [](const auto& a, const auto& b, const auto& c) { return square(stack<2>(a, b, c)) * 2.0; });
    check_op<D, Items>("split", [](const auto& x) {
        const auto [a, b] = split<-1, 2, 3>(x);
        return concatenate(square(b), a);
    });
    check_op<D, Shape<Batch, 6, 5>>("chunk", [](const auto& x) {
        const auto [a, b, c] = chunk<1, 3>(x);
        return a * b - c;
    });
    check_op<D, Items>("slice", [](const auto& x) { return square(slice<1, 3>(x)); });
}

TEMPLATE_TEST_CASE("maxout", "[ops]", GANTRY_TEST_DEVICES) {
    check_op<TestType, Shape<Batch, 57>>("maxout", [](const auto& x) { return square(maxout<3>(x)); });
}

TEMPLATE_TEST_CASE("values of concatenate, slice and maxout", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    using Numbers = std::vector<float>;
    const auto a = from_host<Shape<Batch, 2>>(device, 2, Numbers{1, 2, 3, 4});
    const auto b = from_host<Shape<Batch, 1>>(device, 2, Numbers{10, 20});
    CHECK(concatenate(a, b).to_host() == Numbers{1, 2, 10, 3, 4, 20});
    CHECK(concatenate(b, a, b).to_host() == Numbers{10, 1, 2, 10, 20, 3, 4, 20});
    CHECK(stack<1>(a, 10.0 * a).to_host() == Numbers{1, 2, 10, 20, 3, 4, 30, 40});
    CHECK(stack<2>(a, 10.0 * a).to_host() == Numbers{1, 10, 2, 20, 3, 30, 4, 40});
    const auto [left, right] = split<1, 1, 2>(concatenate(a, b));
    CHECK(left.to_host() == Numbers{1, 3});
    CHECK(right.to_host() == Numbers{2, 10, 4, 20});
    const auto halves = chunk<-1, 2>(a);
    CHECK(halves.size() == 2);
    CHECK(halves[1].to_host() == Numbers{2, 4});
    CHECK(concatenate_batch(a, a, a).batch() == 6);
    const auto all = concatenate_batch(a, a);
    CHECK(all.batch() == 4);
    CHECK(all.to_host() == Numbers{1, 2, 3, 4, 1, 2, 3, 4});
    CHECK(slice<1, 1>(a).to_host() == Numbers{2, 4});
    const auto x = from_host<Shape<Batch, 4>>(device, 2, Numbers{1, 2, 3, 0, -1, -2, -3, 0});
    CHECK(maxout<2>(x).to_host() == Numbers{3, 2, -1, 0});  // the larger of features 0 and 2, 1 and 3
    CHECK(reshape<Shape<Batch, 2, 2>>(x).to_host() == x.to_host());
    CHECK(reshape<Shape<Batch, 2, 2>>(x).data() == x.data());  // a view
}

TEMPLATE_TEST_CASE("maxout passes the gradient to the first of equal inputs", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(from_host<Shape<Batch, 4>>(device, 1, std::vector<float>{2, 1, 2, 3}));
    CHECK(grad(sum(maxout<2>(x)), x).to_host() == std::vector<float>{1, 0, 0, 1});
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto with_nan = variable(from_host<Shape<Batch, 4>>(device, 1, std::vector<float>{2, nan, nan, 3}));
    CHECK(std::isnan(maxout<2>(with_nan).to_host()[0]));
    CHECK(grad(sum(maxout<2>(with_nan)), with_nan).to_host() == std::vector<float>{0, 1, 1, 0});
}

TEMPLATE_TEST_CASE("concatenate of different batch sizes is an error", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto a = filled<Shape<Batch, 4>>(device, 2, 1), b = filled<Shape<Batch, 4>>(device, 3, 1);
    CHECK_THROWS_WITH(concatenate(a, b),
                      "[concatenate] both inputs must have the same batch size; got (2, 4) and (3, 4)");
    CHECK_THROWS_WITH(stack<1>(a, b),
                      "[stack] both inputs must have the same batch size; got (2, 4) and (3, 4)");
    CHECK(concatenate_batch(a, b).batch() == 5);
}

TEMPLATE_TEST_CASE("a concatenated batch has fewer than 2^31 samples", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    using S = Shape<Batch, 4>;
    auto half = filled<S>(device, 1, 1).value();
    half.extents = S::extents(1 << 30);  // only claims to be that large
    const Tensor<S, float, TestType> a{half};
    CHECK_THROWS_WITH(concatenate_batch(a, a),
                      "[concatenate_batch] a batch must have fewer than 2^31 samples; got 2147483648");
}

}  // namespace gantry::test
