#pragma once
#include <gantry/ops/concatenate.hpp>

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gantry {

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
/// Whether S can get one more extent, before `axis`.
template <class S>
constexpr bool can_add_axis(int axis) {
    return S::rank < core::Extents::max_rank && axis >= (S::batched ? 1 : 0) && axis <= S::rank;
}
}  // namespace ops

namespace diagnosis {
/// Fails to compile with the axis and the shapes (-1 is Batch) in the message.
template <int axis, class S, class... More>
struct StackFits {
    static_assert((std::is_same_v<S, More> && ...), "gantry: the inputs of stack must have the same shape");
    static_assert(ops::can_add_axis<S>(axis),
                  "gantry: stack adds an extent after Batch to a shape with at most 3 extents: "
                  "stack<1>(a, b) puts it behind Batch");
};
/// Fails to compile with the extent and the sizes in the message.
template <int extent, int... sizes>
struct SplitFits {
    static_assert(((sizes > 0) && ...) && (0 + ... + sizes) == extent,
                  "gantry: the sizes of split are positive and add up to the extent of its axis");
};
/// Fails to compile with the extent and the number of chunks in the message.
template <int extent, int count>
struct ChunksFit {
    static_assert(extent % count == 0,
                  "gantry: the extent of chunk's axis must be a multiple of the number of chunks");
};
}  // namespace diagnosis

/// Joins tensors of one shape along a new axis, as in PyTorch: stack<1>(a, b, c) of Shape<Batch, E...> gives
/// Shape<Batch, 3, E...>. Errors: different batch sizes.
template <int axis, AnyTensor A, AnyTensor... More>
auto stack(const A& a, const More&... more) {
    using S = typename A::shape;
    using Check =
        ops::ShapeCheck<(std::is_same_v<S, typename More::shape> && ...) && ops::can_add_axis<S>(axis),
                        diagnosis::StackFits<axis, S, typename More::shape...>, S, typename More::shape...>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (!Check::fits)
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
    using HasAxis = ops::AxisCheck<S, axis>;
    [[maybe_unused]] constexpr bool axis_diagnosed = HasAxis::diagnose();
    constexpr int extent = ops::has_sample_axis<S>(axis) ? ops::extent_of<S>(axis) : (0 + ... + sizes);
    using Check = ops::ShapeCheck<((sizes > 0) && ...) && (0 + ... + sizes) == extent,
                                  diagnosis::SplitFits<extent, sizes...>, S>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();

    if constexpr (!HasAxis::fits || !Check::fits) {
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
    static_assert(count > 0, "gantry: chunk cuts a tensor into at least one part");
    using S = typename X::shape;
    using HasAxis = ops::AxisCheck<S, axis>;
    [[maybe_unused]] constexpr bool axis_diagnosed = HasAxis::diagnose();
    constexpr int extent = ops::has_sample_axis<S>(axis) ? ops::extent_of<S>(axis) : count;
    using Check = ops::ShapeCheck<extent % count == 0, diagnosis::ChunksFit<extent, count>, S>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();

    const auto all = [&]<std::size_t... i>(std::index_sequence<i...>, const auto& part) {
        return std::array{part(static_cast<int>(i))...};
    };
    constexpr auto parts = std::make_index_sequence<count>{};
    if constexpr (!HasAxis::fits || !Check::fits) {
        return all(parts, [&](int) { return core::typed<core::AnyShape, X>(x.value()); });
    } else {
        using Part = typename ops::ShapeOf<ops::with_extent<S>(axis, extent / count)>::type;
        return all(parts, [&](int i) {
            return ops::run_slice<Part>(x, ops::axis_of<S>(axis), i * (extent / count));
        });
    }
}

}  // namespace gantry
