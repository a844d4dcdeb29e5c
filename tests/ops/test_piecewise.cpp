#include "support/op_check.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace gantry::test {
namespace {

using Piece = Shape<Batch, 19>;
using Ordinates = std::vector<float>;
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Equal, where NaN equals NaN.
bool same(const Ordinates& a, const Ordinates& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

}  // namespace

TEMPLATE_TEST_CASE("functions with kinks", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Piece>("abs", [](const auto& x) { return abs(x) * x; });
    check_op<D, Piece>("sign", [](const auto& x) { return sign(x) * square(x); });
    check_op<D, Piece>("clamp", [](const auto& x) { return square(clamp(x, -0.4, 0.7)); });
    check_op<D, Piece, Piece>("maximum",
                              [](const auto& a, const auto& b) { return square(maximum(a, b)) * b; });
    check_op<D, Piece, Piece>("minimum",
                              [](const auto& a, const auto& b) { return square(minimum(a, b)) * b; });
    check_op<D, Piece, Shape<Batch>>("maximum: one value per sample",
                                     [](const auto& a, const auto& b) { return square(maximum(a, b)); });
}

TEMPLATE_TEST_CASE("masks and where", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Piece, Piece>("a < b", [](const auto& a, const auto& b) { return (a < b) * square(a); });
    check_op<D, Piece, Piece>("a <= b", [](const auto& a, const auto& b) { return (a <= b) * square(a); });
    check_op<D, Piece, Piece>("a > b", [](const auto& a, const auto& b) { return (a > b) * square(a); });
    check_op<D, Piece, Piece>("a >= b", [](const auto& a, const auto& b) { return (a >= b) * square(a); });
    check_op<D, Piece>("x < number", [](const auto& x) { return (x < 0.2) * square(x); });
    check_op<D, Piece, Piece>(
        "where", [](const auto& a, const auto& b) { return where(a < 0.3 * b, square(a), square(b) * a); });
    check_op<D, Piece, Shape<19>>(
        "where: broadcast", [](const auto& a, const auto& b) { return where(a > 0, square(b), square(a)); });
}

TEMPLATE_TEST_CASE("values of functions with kinks, at kinks and for NaN", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(from_host<Shape<6>>(device, 0, Ordinates{-3, -1, 0, 1, 2, not_a_number}));
    const auto y = variable(from_host<Shape<6>>(device, 0, Ordinates{-3, 4, 0, not_a_number, 1, 5}));
    const auto gradient = [](const auto& result, const auto& of) { return grad(sum(result), of).to_host(); };

    CHECK(same(abs(x).to_host(), {3, 1, 0, 1, 2, not_a_number}));
    CHECK(same(gradient(abs(x), x), {-1, -1, 0, 1, 1, 0}));
    CHECK(same(sign(x).to_host(), {-1, -1, 0, 1, 1, 0}));
    CHECK(same(clamp(x, -1, 1).to_host(), {-1, -1, 0, 1, 1, not_a_number}));
    CHECK(same(gradient(clamp(x, -1, 1), x), {0, 1, 1, 1, 0, 0}));
    CHECK(same(maximum(x, y).to_host(), {-3, 4, 0, not_a_number, 2, not_a_number}));
    CHECK(same(gradient(maximum(x, y), x), {0.5, 0, 0.5, 1, 1, 1}));
    CHECK(same(gradient(maximum(x, y), y), {0.5, 1, 0.5, 1, 0, 1}));
    CHECK(same(minimum(x, y).to_host(), {-3, -1, 0, not_a_number, 1, not_a_number}));
    CHECK(same(gradient(minimum(x, y), x), {0.5, 1, 0.5, 1, 0, 1}));
    CHECK(same(gradient(minimum(x, y), y), {0.5, 0, 0.5, 1, 1, 1}));
    CHECK(same(maximum(x, 1).to_host(), {1, 1, 1, 1, 2, not_a_number}));
    CHECK(same(minimum(x, 1).to_host(), {-3, -1, 0, 1, 1, not_a_number}));
    CHECK_THROWS_WITH(clamp(x, 1, -1), contains("[clamp] the low bound must be at most the high bound"));
    CHECK_THROWS_WITH(clamp(x, std::nan(""), 1), contains("[clamp]"));
}

TEMPLATE_TEST_CASE("values of masks and where", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto a = variable(from_host<Shape<4>>(device, 0, Ordinates{1, 2, 3, not_a_number}));
    const auto b = variable(from_host<Shape<4>>(device, 0, Ordinates{2, 2, 2, 2}));
    static_assert(!decltype(a < b)::recorded);
    CHECK((a < b).to_host() == Ordinates{1, 0, 0, 0});
    CHECK((a <= b).to_host() == Ordinates{1, 1, 0, 0});
    CHECK((a > b).to_host() == Ordinates{0, 0, 1, 0});
    CHECK((a >= b).to_host() == Ordinates{0, 1, 1, 0});
    CHECK((a < 2).to_host() == Ordinates{1, 0, 0, 0});
    CHECK((a <= 2).to_host() == Ordinates{1, 1, 0, 0});
    CHECK((a > 2).to_host() == Ordinates{0, 0, 1, 0});
    CHECK((a >= 2).to_host() == Ordinates{0, 1, 1, 0});
    CHECK((2 < a).to_host() == Ordinates{0, 0, 1, 0});
    CHECK((2 <= a).to_host() == Ordinates{0, 1, 1, 0});
    CHECK((2 > a).to_host() == Ordinates{1, 0, 0, 0});
    CHECK((2 >= a).to_host() == Ordinates{1, 1, 0, 0});

    CHECK(where(a < b, a, 10.0 * b).to_host() == Ordinates{1, 20, 20, 20});
    CHECK(where(a < b, a, 7).to_host() == Ordinates{1, 7, 7, 7});
    CHECK(where(a < b, -1.5, b).to_host() == Ordinates{-1.5, 2, 2, 2});
    CHECK(where(a < b, 1, -1).to_host() == Ordinates{1, -1, -1, -1});
    const auto [of_a, of_b] = grad(sum(where(a < b, a, 10.0 * b)), std::tuple{a, b});
    CHECK(of_a.to_host() == Ordinates{1, 0, 0, 0});
    CHECK(of_b.to_host() == Ordinates{0, 10, 10, 10});
}

}  // namespace gantry::test
