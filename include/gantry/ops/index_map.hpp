#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/index_map.hpp>
#include <gantry/ops/axes.hpp>
#include <gantry/ops/concatenate.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

namespace gantry {

namespace ops {
/// y[i_0, i_1, ...] = x[j_0, j_1, ...]: axis a of y runs along axis `from` of x, at j_from = start + step
/// i_a. y is 0 where j is outside of x. The adjoint is a map from y to x of the same form.
struct IndexMapOp {
    static constexpr std::string_view name = "index_map";
    struct Axis {
        int from = 0, start = 0;
        int step = 1;  ///< 1 or -1
    };
    std::array<Axis, core::Extents::max_rank> axes = {};

    /// The map that changes nothing.
    static constexpr IndexMapOp identity() {
        IndexMapOp op;
        for (int a = 0; a < core::Extents::max_rank; ++a) op.axes[static_cast<std::size_t>(a)].from = a;
        return op;
    }
    /// The map that exchanges two axes.
    static constexpr IndexMapOp exchange(int a, int b) {
        IndexMapOp op = identity();
        op.axes[static_cast<std::size_t>(a)].from = b;
        op.axes[static_cast<std::size_t>(b)].from = a;
        return op;
    }
    /// The map along one axis that leaves the others as they are.
    static constexpr IndexMapOp along(int axis, int start, int step = 1) {
        IndexMapOp op = identity();
        op.axes[static_cast<std::size_t>(axis)] = {axis, start, step};
        return op;
    }

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device, parameters(y, x));
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return run_op(adjoint(x.extents.rank), x.extents, {}, upstream); });
    }

private:
    /// j = start + step i gives i = step j - step start, since step is its own inverse.
    IndexMapOp adjoint(int rank) const {
        IndexMapOp op;
        for (int a = 0; a < rank; ++a) {
            const Axis& axis = axes[static_cast<std::size_t>(a)];
            op.axes[static_cast<std::size_t>(axis.from)] = {a, -axis.step * axis.start, axis.step};
        }
        return op;
    }
    /// Axes that are contiguous in both tensors become one, so that kernels copy long runs.
    template <class V>
    contracts::IndexMapParameters<typename V::scalar> parameters(const V& y, const V& x) const {
        contracts::IndexMapParameters<typename V::scalar> p;
        p.x = x.data;
        p.y = y.data;
        for (int a = 0; a < y.extents.rank; ++a) {
            const Axis& axis = axes[static_cast<std::size_t>(a)];
            const auto from = static_cast<std::size_t>(axis.from);
            add_axis(p, {y.extents.of[static_cast<std::size_t>(a)], x.extents.of[from], axis.start, axis.step,
                         product(x.extents, axis.from + 1, x.extents.rank)});
        }
        return p;
    }
    template <class P>
    static void add_axis(P& p, const typename P::Axis& inner) {
        const bool whole = inner.size == inner.source_size && inner.start == 0 && inner.step == 1;
        if (p.axes > 0) {
            auto& outer = p.axis[p.axes - 1];
            const auto size = static_cast<std::size_t>(inner.size);
            if (whole && outer.step == 1 && outer.stride == inner.stride * size) {
                outer = {outer.size * inner.size, outer.source_size * inner.size, outer.start * inner.size, 1,
                         inner.stride};
                return;
            }
        }
        p.axis[p.axes++] = inner;
    }
};

/// Whether `axes` are an order of the axes of S in which Batch is first.
template <class S>
constexpr bool is_permutation(std::initializer_list<int> axes) {
    if (static_cast<int>(axes.size()) != S::rank || (S::batched && *axes.begin() != 0)) return false;
    std::array<bool, core::Extents::max_rank> seen = {};
    for (const int axis : axes) {
        if (axis < 0 || axis >= S::rank || seen[static_cast<std::size_t>(axis)]) return false;
        seen[static_cast<std::size_t>(axis)] = true;
    }
    return true;
}

/// Runs a map along one axis of x; the result has shape S.
template <class S, AnyTensor X>
auto map_axis(const X& x, int axis, int start, int step = 1) {
    return core::typed<S, X>(
        run_op(IndexMapOp::along(axis, start, step), S::extents(x.value().extents.first()), {}, x.value()));
}
}  // namespace ops

namespace diagnosis {
/// Fails to compile with the shape (-1 is Batch) and the order in the message.
template <class S, int... axes>
struct Permutation {
    static_assert(ops::is_permutation<S>({axes...}),
                  "gantry: permute takes each axis of the shape once; Batch stays first, as axis 0");
};
}  // namespace diagnosis

/// Changes the order of axes: axis k of the result is axis `axes[k]` of x, as in PyTorch. permute<0, 3, 1,
/// 2>: Shape<Batch, H, W, C> -> Shape<Batch, C, H, W>. Batch stays first.
template <int... axes, AnyTensor X>
auto permute(const X& x) {
    using S = typename X::shape;
    using Check = ops::ShapeCheck<ops::is_permutation<S>({axes...}), diagnosis::Permutation<S, axes...>, S>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (!Check::fits) {
        return core::typed<core::AnyShape, X>(x.value());
    } else {
        constexpr core::Extents extents{S::rank, {ops::extent_of<S>(axes)...}};
        using Y = typename ops::ShapeOf<extents>::type;
        const ops::IndexMapOp op{{ops::IndexMapOp::Axis{.from = axes}...}};
        return core::typed<Y, X>(ops::run_op(op, Y::extents(x.value().extents.first()), {}, x.value()));
    }
}

/// Swaps the last two axes: Shape<Batch, M, N> -> Shape<Batch, N, M>, and Shape<M, N> -> Shape<N, M>.
template <AnyTensor X>
auto transpose(const X& x) {
    using S = typename X::shape;
    constexpr bool fits = ops::is_unknown<S> || S::rank >= 2 + (S::batched ? 1 : 0);
    static_assert(fits, "gantry: transpose takes matrices: two extents after Batch, which stays first");
    if constexpr (ops::is_unknown<S> || !fits)
        return core::typed<core::AnyShape, X>(x.value());
    else if constexpr (S::rank == 4)
        return permute<0, 1, 3, 2>(x);
    else if constexpr (S::rank == 3)
        return permute<0, 2, 1>(x);
    else
        return permute<1, 0>(x);
}

/// Reverses axes: S -> S. flip<2>(images) mirrors images left to right.
template <int... axes, AnyTensor X>
auto flip(const X& x) {
    using S = typename X::shape;
    static_assert(sizeof...(axes) > 0, "gantry: flip needs an axis: flip<2>(images) mirrors left to right");
    using Check = ops::AxisCheck<S, axes...>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (!Check::fits) {
        return x;
    } else {
        ops::IndexMapOp op = ops::IndexMapOp::identity();
        ((op.axes[static_cast<std::size_t>(ops::axis_of<S>(axes))] = {ops::axis_of<S>(axes),
                                                                      ops::extent_of<S>(axes) - 1, -1}),
         ...);
        return core::typed<S, X>(ops::run_op(op, x.value().extents, {}, x.value()));
    }
}

/// `count` elements along an axis, beginning at `from`: crop<1, 24>(images, top) gives
/// Shape<Batch, H, W, C> -> Shape<Batch, 24, W, C>. See `slice` for a constant beginning along the last axis.
/// Errors: the elements are not within the axis.
template <int axis, int count, AnyTensor X>
auto crop(const X& x, int from) {
    using S = typename X::shape;
    using Check = ops::AxisCheck<S, axis>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (!Check::fits) {
        return core::typed<core::AnyShape, X>(x.value());
    } else {
        constexpr int extent = ops::extent_of<S>(axis);
        constexpr bool fits = count > 0 && count <= extent;
        static_assert(fits, "gantry: crop keeps at least one element, and at most the extent of its axis");
        if constexpr (!fits) {
            return core::typed<core::AnyShape, X>(x.value());
        } else {
            if (from < 0 || from > extent - count)
                fail("crop", "the elements must be within the axis", from, ", ..., ",
                     from + std::int64_t{count} - 1, " of ", extent);
            using Y = typename ops::ShapeOf<ops::with_extent<S>(axis, count)>::type;
            return ops::map_axis<Y>(x, ops::axis_of<S>(axis), from);
        }
    }
}

/// Adds zeros at the beginning and end of an axis: pad<1, 2, 2>(images) gives
/// Shape<Batch, H, W, C> -> Shape<Batch, 2 + H + 2, W, C>.
template <int axis, int before, int after, AnyTensor X>
auto pad(const X& x) {
    using S = typename X::shape;
    using Check = ops::AxisCheck<S, axis>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    constexpr bool fits = before >= 0 && after >= 0;
    static_assert(fits, "gantry: pad adds at least 0 elements; use crop to remove some");
    if constexpr (!Check::fits || !fits) {
        return core::typed<core::AnyShape, X>(x.value());
    } else {
        using Y =
            typename ops::ShapeOf<ops::with_extent<S>(axis, before + ops::extent_of<S>(axis) + after)>::type;
        return ops::map_axis<Y>(x, ops::axis_of<S>(axis), -before);
    }
}

/// Extends an axis by its reflection at both ends, without a copy of the edge, as PyTorch's "reflect":
/// a b c -> c b a b c for reflect_pad<axis, 2, 0>. Shapes: see `pad`.
template <int axis, int before, int after, AnyTensor X>
auto reflect_pad(const X& x) {
    using S = typename X::shape;
    using Check = ops::AxisCheck<S, axis>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (!Check::fits) {
        return core::typed<core::AnyShape, X>(x.value());
    } else {
        constexpr int extent = ops::extent_of<S>(axis), index = ops::axis_of<S>(axis);
        constexpr bool fits = before >= 0 && after >= 0 && before < extent && after < extent;
        static_assert(
            fits, "gantry: reflect_pad adds fewer elements than the axis has, since the edge is not copied");
        if constexpr (!fits) {
            return core::typed<core::AnyShape, X>(x.value());
        } else if constexpr (after > 0) {
            using End = typename ops::ShapeOf<ops::with_extent<S>(axis, after)>::type;
            return concatenate<axis>(reflect_pad<axis, before, 0>(x),
                                     ops::map_axis<End>(x, index, extent - 2, -1));
        } else if constexpr (before > 0) {
            using Begin = typename ops::ShapeOf<ops::with_extent<S>(axis, before)>::type;
            return concatenate<axis>(ops::map_axis<Begin>(x, index, before, -1), x);
        } else {
            return x;
        }
    }
}

/// Moves the elements along an axis by `by`, which may be negative; zeros come in: S -> S.
/// shift<2>(images, 3) moves images right by 3 pixels.
template <int axis, AnyTensor X>
auto shift(const X& x, int by) {
    using S = typename X::shape;
    using Check = ops::AxisCheck<S, axis>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (!Check::fits) {
        return x;
    } else {
        constexpr int extent = ops::extent_of<S>(axis);
        return ops::map_axis<S>(x, ops::axis_of<S>(axis), -std::clamp(by, -extent, extent));
    }
}

}  // namespace gantry
