// After a compile error, the result of a network has an unknown shape. Ops take it as any shape and give such
// a result, so that there is one error.
#include "support/catch.hpp"
#include <gantry/gantry.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace gantry::test {
namespace {

using Unknown = Variable<core::AnyShape, float, Cpu>;
using Known = Variable<Shape<Batch, 6, 6>, float, Cpu>;

template <class Result>
inline constexpr bool is_unknown_shape = std::is_same_v<typename Result::shape, core::AnyShape>;

template <class... Result>
constexpr bool all_unknown(std::type_identity<std::tuple<Result...>>) {
    return (is_unknown_shape<Result> && ...);
}

}  // namespace

TEST_CASE("ops take unknown shapes", "[ops]") {
    [[maybe_unused]] const auto results = [](const Unknown& x, const Known& y) {
        return std::tuple{x + y,
                          y * x,
                          maximum(x, y),
                          minimum(x, 1),
                          clamp(x, 0, 1),
                          abs(x),
                          pow(x, 2),
                          1 / x,
                          x < y,
                          where(x > 0, y, 0),
                          sign(x),
                          permute<0, 2, 1>(x),
                          transpose(x),
                          flatten<1, 2>(x),
                          reshape_as(x, y),
                          reshape_as(y, x),
                          flip<1>(x),
                          crop<1, 2>(x, 0),
                          pad<1, 1, 1>(x),
                          reflect_pad<1, 1, 1>(x),
                          shift<1>(x, 1),
                          concatenate(x, y),
                          concatenate<1>(y, x, y),
                          stack<1>(y, x),
                          std::get<1>(split<1, 2, 4>(x)),
                          chunk<1, 2>(x)[0],
                          sum_over<1>(x),
                          mean_over<0, 2>(x),
                          variance_over<1>(x),
                          max_over<-1>(x),
                          softmax<1>(x),
                          log_softmax(x),
                          matmul(x, y),
                          matmul<Transpose::left>(y, x),
                          batched_matmul(x, y),
                          gram_matrix(x),
                          squared_distances(y, x)};
    };
    using Results = decltype(results(std::declval<Unknown>(), std::declval<Known>()));  // not run
    CHECK(all_unknown(std::type_identity<Results>{}));
}

}  // namespace gantry::test
