#include "support/op_check.hpp"

#include <limits>
#include <vector>

namespace gantry::test {
namespace {

using Pixels = Shape<Batch, 4, 3, 2>;
using Values = std::vector<float>;

/// 0, 1, 2, ... in shape S.
template <class S, class D>
auto counted(D& device, int batch) {
    Values values(S::size(batch));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    return from_host<S>(device, batch, values);
}

}  // namespace

TEMPLATE_TEST_CASE("ops that move elements", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Pixels>("permute", [](const auto& x) { return square(permute<0, 3, 1, 2>(x)); });
    check_op<D, Pixels>("transpose", [](const auto& x) { return square(transpose(x)); });
    check_op<D, Shape<5, 3>>("transpose: no batch", [](const auto& x) { return square(transpose(x)); },
                             {.singles = Singles::not_checked});
    check_op<D, Pixels>("flip", [](const auto& x) { return square(flip<1, -1>(x)); });
    check_op<D, Pixels>("crop", [](const auto& x) { return square(crop<1, 2>(crop<2, 2>(x, 1), 0)); });
    check_op<D, Pixels>("pad", [](const auto& x) { return square(pad<1, 1, 2>(pad<2, 0, 1>(x))); });
    check_op<D, Pixels>("reflect_pad",
                        [](const auto& x) { return square(reflect_pad<1, 3, 1>(reflect_pad<2, 0, 2>(x))); });
    check_op<D, Pixels>("shift", [](const auto& x) { return square(shift<2>(shift<1>(x, -3), 1)); });
}

TEMPLATE_TEST_CASE("values of ops that move elements", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = counted<Shape<Batch, 2, 3>>(device, 2);
    static_assert(std::is_same_v<typename decltype(transpose(x))::shape, Shape<Batch, 3, 2>>);
    CHECK(transpose(x).to_host() == Values{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11});
    CHECK(permute<0, 1, 2>(x).to_host() == x.to_host());
    CHECK(flip<-1>(x).to_host() == Values{2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9});
    CHECK(flip<1, 2>(x).to_host() == Values{5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6});
    CHECK(crop<2, 2>(x, 1).to_host() == Values{1, 2, 4, 5, 7, 8, 10, 11});
    CHECK(crop<1, 1>(x, 1).to_host() == Values{3, 4, 5, 9, 10, 11});
    CHECK(pad<2, 1, 0>(x).to_host() == Values{0, 0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11});
    CHECK(shift<2>(x, 1).to_host() == Values{0, 0, 1, 0, 3, 4, 0, 6, 7, 0, 9, 10});
    CHECK(shift<1>(x, -1).to_host() == Values{3, 4, 5, 0, 0, 0, 9, 10, 11, 0, 0, 0});
    CHECK(shift<1>(x, std::numeric_limits<int>::min()).to_host() == Values(12, 0));
    const auto line = counted<Shape<4>>(device, 0);
    CHECK(reflect_pad<0, 2, 3>(line).to_host() == Values{2, 1, 0, 1, 2, 3, 2, 1, 0});
    const auto image = counted<Shape<Batch, 2, 2, 3>>(device, 1);
    CHECK(permute<0, 3, 1, 2>(image).to_host() == Values{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11});
    CHECK(permute<0, 2, 1, 3>(image).to_host() == Values{0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11});
    CHECK_THROWS_WITH((crop<2, 2>(x, 2)), "[crop] the elements must be within the axis; got 2, ..., 3 of 3");
    CHECK_THROWS_WITH((crop<2, 2>(x, -1)), contains("[crop] the elements must be within the axis"));
}

// Large enough for all threads, with axes that become one and packs on the GPU.
TEMPLATE_TEST_CASE("moved elements of a large tensor", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = counted<Shape<Batch, 12, 20, 16>>(device, 13);
    const Values from = x.to_host();
    const auto moved = flip<2>(shift<1>(x, 2)).to_host();
    const auto channels_first = permute<0, 3, 1, 2>(x).to_host();
    bool same = true;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const std::size_t c = i % 16, w = i / 16 % 20, h = i / 320 % 12, n = i / 3840;
        same = same && moved[i] == (h < 2 ? 0 : from[((n * 12 + h - 2) * 20 + 19 - w) * 16 + c]);
        same = same && channels_first[((n * 16 + c) * 12 + h) * 20 + w] == from[i];
    }
    CHECK(same);
    CHECK(permute<0, 2, 3, 1>(permute<0, 3, 1, 2>(x)).to_host() == from);
}

}  // namespace gantry::test
