#include "support/op_check.hpp"

#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

using Items = Shape<Batch, 3, 5>;
using Pictures = Shape<Batch, 2, 3, 2>;
const auto product = [](const auto& a, const auto& b) { return a * b; };

}  // namespace

TEMPLATE_TEST_CASE("elementwise ops repeat the smaller operand", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Items, Shape<>>("a * scalar", product);
    check_op<D, Shape<>, Items>("scalar * b", product);
    check_op<D, Items, Shape<5>>("a * last extent", product);
    check_op<D, Shape<3, 5>, Items>("last extents * b", product);
    check_op<D, Items, Shape<Batch>>("a * one value per sample", product);
    check_op<D, Shape<Batch, 1>, Shape<Batch, 7>>("one value per sample * b", product);
    check_op<D, Shape<4, 7>, Shape<7>>("a * last extent, no batch", product,
                                       {.singles = Singles::not_checked});
    check_op<D, Pictures, Shape<Batch, 2>>("images * one value per channel and sample", product);
    check_op<D, Pictures, Shape<Batch, 2, 3, 1>>("images * one value per pixel", product);
    check_op<D, Shape<2, 3, 2>, Pictures>("one sample * images", product);
    check_op<D, Pictures, Shape<Batch, 1, 3, 1>>("images * one value per column and sample", product);
    check_op<D, Pictures, Shape<2, 1, 2>>("images * one value per row and channel", product);
    check_op<D, Shape<Batch, 3, 1>, Shape<Batch, 1, 5>>("outer product per sample", product);
}

TEMPLATE_TEST_CASE("broadcast_to", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    using Seven = Shape<Batch, 7>;
    check_op<D, Seven>("broadcast_to: same", [](const auto& x) { return broadcast_to<Seven>(x, 0); });
    check_op<D, Shape<Batch>>("broadcast_to", [](const auto& x) { return broadcast_to<Seven>(x, 0); });
    const OpCheckOptions no_items{.singles = Singles::not_checked};
    check_op<D, Shape<7>>(
        "broadcast_to: last", [](const auto& x) { return broadcast_to<Seven>(x, 4); }, no_items);
    check_op<D, Shape<>>(
        "broadcast_to: scalar", [](const auto& x) { return broadcast_to<Seven>(x, 4); }, no_items);
}

TEMPLATE_TEST_CASE("broadcast_to repeats rows, columns and scalars", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto row = from_host<Shape<3>>(device, 0, std::vector<float>{1, 2, 3});
    CHECK(broadcast_to<Shape<Batch, 3>>(row, 2).to_host() == std::vector<float>{1, 2, 3, 1, 2, 3});
    const auto column = from_host<Shape<Batch>>(device, 2, std::vector<float>{1, 2});
    CHECK(broadcast_to<Shape<Batch, 3>>(column, 0).to_host() == std::vector<float>{1, 1, 1, 2, 2, 2});
    const auto scalar = filled<Shape<>>(device, 0, 5);
    CHECK(broadcast_to<Shape<Batch, 3>>(scalar, 1).to_host() == std::vector<float>{5, 5, 5});
}

TEST_CASE("which shapes broadcast to which", "[ops]") {
    const auto kind = []<class Whole, class Part>(Whole, Part) {
        return ops::broadcast_kind(Whole::extents(Batch), Part::extents(Batch));
    };
    CHECK(kind(Items{}, Items{}) == ops::Broadcast::same);
    CHECK(kind(Items{}, Shape<>{}) == ops::Broadcast::scalar);
    CHECK(kind(Items{}, Shape<5>{}) == ops::Broadcast::trailing);
    CHECK(kind(Items{}, Shape<3, 5>{}) == ops::Broadcast::trailing);
    CHECK(kind(Items{}, Shape<Batch>{}) == ops::Broadcast::each_sample);
    CHECK(kind(Items{}, Shape<Batch, 1>{}) == ops::Broadcast::each_sample);
    CHECK(kind(Items{}, Shape<3>{}) == ops::Broadcast::impossible);
    CHECK(kind(Items{}, Shape<Batch, 3>{}) == ops::Broadcast::impossible);
    CHECK(kind(Items{}, Shape<Batch, 5>{}) == ops::Broadcast::axes);
    CHECK(kind(Items{}, Shape<1>{}) == ops::Broadcast::axes);
    CHECK(kind(Items{}, Shape<Batch, 3, 1>{}) == ops::Broadcast::axes);
    CHECK(kind(Items{}, Shape<Batch, 1, 3, 5>{}) == ops::Broadcast::impossible);
    CHECK(kind(Shape<5>{}, Shape<Batch>{}) == ops::Broadcast::impossible);
    CHECK(kind(Shape<3, 5>{}, Items{}) == ops::Broadcast::impossible);
}

TEST_CASE("the shape that operands of an elementwise op are broadcast to", "[ops]") {
    const auto common = []<class... S>(S...) { return typename ops::BroadcastShape<S...>::type{}; };
    const auto same = [](auto a, auto b) { return std::is_same_v<decltype(a), decltype(b)>; };
    CHECK(same(common(Shape<Batch>{}, Items{}, Shape<>{}), Items{}));
    CHECK(same(common(Shape<Batch, 3, 1>{}, Shape<Batch, 1, 5>{}), Items{}));
    CHECK(same(common(Shape<Batch, 3, 1>{}, Shape<5>{}), Items{}));
    CHECK(same(common(Shape<Batch>{}, Shape<5>{}, Shape<Batch, 1>{}), Shape<Batch, 5>{}));
    CHECK(same(common(Items{}, core::AnyShape{}), core::AnyShape{}));
    // Not Shape<Batch, 5>, which has more extents than either.
    CHECK(same(common(Shape<Batch>{}, Shape<5>{}), Shape<Batch>{}));
    CHECK(same(common(Shape<3, 5>{}, Shape<Batch, 5>{}), Shape<3, 5>{}));
}

TEMPLATE_TEST_CASE("values of operands with extents of 1 and missing extents", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    using Floats = std::vector<float>;
    const auto x = filled<Shape<Batch, 2, 2>>(device, 2, 0);
    const auto channels = from_host<Shape<Batch, 2>>(device, 2, Floats{1, 2, 3, 4});
    CHECK((x + channels).to_host() == Floats{1, 2, 1, 2, 3, 4, 3, 4});
    CHECK((x + reshape<Shape<Batch, 2, 1>>(channels)).to_host() == Floats{1, 1, 2, 2, 3, 3, 4, 4});
    const auto column = from_host<Shape<2, 1>>(device, 0, Floats{1, 2});
    CHECK((x + column).to_host() == Floats{1, 1, 2, 2, 1, 1, 2, 2});
    const auto row = from_host<Shape<1, 3>>(device, 0, Floats{10, 20, 30});
    CHECK((column + row).to_host() == Floats{11, 21, 31, 12, 22, 32});
    const auto one = filled<Shape<Batch, 1, 2>>(device, 1, 1);  // nothing to repeat
    CHECK((one + from_host<Shape<2>>(device, 0, Floats{1, 2})).to_host() == Floats{2, 3});
}

TEMPLATE_TEST_CASE("operands with different batch sizes are an error", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto two = filled<Shape<Batch, 4>>(device, 2, 1), three = filled<Shape<Batch, 4>>(device, 3, 1);
    CHECK_THROWS_WITH(
        two + three,
        "[add] the operands of an elementwise op must have the same shape; got (3, 4) and (2, 4)");
    const auto each = filled<Shape<Batch>>(device, 2, 1);
    CHECK_THROWS_WITH(three * each,
                      contains("[multiply] the operands of an elementwise op must have the same"));
}

}  // namespace gantry::test
