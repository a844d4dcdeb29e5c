#pragma once
#include <gantry/ops/concatenate.hpp>

#include <array>
#include <cstddef>
#include <tuple>
#include <utility>

namespace gantry {

namespace diagnosis {
/// Fails to compile with the axis and the shapes (-1 is Batch) in the message.
template <int axis, class S, class... More>
struct StackFits {
    static_assert((std::is_same_v<S, More> && ...), "gantry: the inputs of stack must have the same shape");
    static_assert(S::rank < core::Extents::max_rank && axis >= (S::batched ? 1 : 0) && axis <= S::rank,
                  "gantry: stack adds an extent after Batch to a shape with at most 3 extents: "
                  "stack<1>(a, b) puts it behind Batch");
    static constexpr bool value = (std::is_same_v<S, More> && ...) && S::rank < core::Extents::max_rank &&
                                  axis >= (S::batched ? 1 : 0) && axis <= S::rank;  ///< for `if constexpr`
};
/// Fails to compile with the shape (-1 is Batch), the axis and the sizes in the message.
template <class S, int axis, int... sizes>
struct SplitFits {
    static_assert(((sizes > 0) && ...) && (0 + ... + sizes) == ops::extent_of<S>(axis),
                  "gantry: the sizes of split are positive and add up to the extent of its axis");
    static constexpr bool value =
        ((sizes > 0) && ...) && (0 + ... + sizes) == ops::extent_of<S>(axis);  ///< for `if constexpr`
};
/// Fails to compile with the extent and the number of chunks in the message.
template <int extent, int count>
struct ChunksFit {
    static_assert(count > 0 && extent % (count > 0 ? count : 1) == 0,
                  "gantry: the extent of chunk's axis must be a multiple of the number of chunks");
    static constexpr bool value = count > 0 && extent % (count > 0 ? count : 1) == 0;  ///< for `if constexpr`
};
}  // namespace diagnosis

namespace ops {
/// S with one more extent, before `axis`.
template <class S>
constexpr core::Extents with_axis(int axis, int extent) {
    core::Extents extents;
    for (int a = 0; a <= S::rank; ++a)
        extents.of[static_cast<std::size_t>(extents.rank++)] =
            a == axis ? extent : extent_of<S>(a < axis ? a : a - 1);
    return extents;
}
}  // namespace ops

/// Joins tensors of one shape along a new axis, as in PyTorch: stack<1>(a, b, c) of Shape<Batch, E...> gives
/// Shape<Batch, 3, E...>. Errors: different batch sizes.
template <int axis, AnyTensor A, AnyTensor... More>
auto stack(const A& a, const More&... more) {
    using S = typename A::shape;
    if constexpr (ops::is_unknown<S> || (ops::is_unknown<typename More::shape> || ...) ||
                  !diagnosis::StackFits<axis, S, typename More::shape...>::value)
        return core::typed<core::AnyShape, A, More...>(a.value());
    else
        return ops::run_concatenate<
            typename ops::ShapeOf<ops::with_axis<S>(axis, 1 + sizeof...(More))>::type>("stack", axis, a,
                                                                                       more...);
}

/// Cuts x into parts of the given sizes along an axis, in order; returns a std::tuple. split<-1, 3, 5>:
/// Shape<Batch, ..., 8> -> Shape<Batch, ..., 3> and Shape<Batch, ..., 5>.
template <int axis, int... sizes, AnyTensor X>
auto split(const X& x) {
    using S = typename X::shape;
    if constexpr (ops::is_unknown<S> || !diagnosis::SampleAxis<S, axis>::value) {
        return std::tuple{((void)sizes, core::typed<core::AnyShape, X>(x.value()))...};
    } else if constexpr (!diagnosis::SplitFits<S, axis, sizes...>::value) {
        return std::tuple{((void)sizes, core::typed<core::AnyShape, X>(x.value()))...};
    } else {
        int from = 0;
        const auto next = [&]<int size>(std::integral_constant<int, size>) {
            using Part = typename ops::ShapeOf<ops::with_extent<S>(axis, size)>::type;
            return ops::run_slice<Part>(x, ops::axis_of<S>(axis), std::exchange(from, from + size));
        };
        return std::tuple{next(std::integral_constant<int, sizes>{})...};  // braces: in order
    }
}

/// Cuts x into `count` equal parts along an axis, in order; returns a std::array. chunk<-1, 2>:
/// Shape<Batch, ..., 2 N> -> two of Shape<Batch, ..., N>.
template <int axis, int count, AnyTensor X>
auto chunk(const X& x) {
    using S = typename X::shape;
    constexpr auto parts = std::make_index_sequence<count>{};
    const auto all = [&]<std::size_t... i>(std::index_sequence<i...>, const auto& part) {
        return std::array{part(static_cast<int>(i))...};
    };
    if constexpr (ops::is_unknown<S> || !diagnosis::SampleAxis<S, axis>::value) {
        return all(parts, [&](int) { return core::typed<core::AnyShape, X>(x.value()); });
    } else if constexpr (!diagnosis::ChunksFit<ops::extent_of<S>(axis), count>::value) {
        return all(parts, [&](int) { return core::typed<core::AnyShape, X>(x.value()); });
    } else {
        constexpr int size = ops::extent_of<S>(axis) / count;
        using Part = typename ops::ShapeOf<ops::with_extent<S>(axis, size)>::type;
        return all(parts, [&](int i) { return ops::run_slice<Part>(x, ops::axis_of<S>(axis), i * size); });
    }
}

}  // namespace gantry
