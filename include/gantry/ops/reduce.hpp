#pragma once
#include <gantry/ops/arithmetic.hpp>
#include <gantry/ops/axes.hpp>
#include <gantry/ops/maxout.hpp>
#include <gantry/ops/reshape.hpp>
#include <gantry/ops/sum.hpp>

#include <array>
#include <cstddef>
#include <initializer_list>

// Reductions over any axes, Batch (axis 0) included. Negative axes count from the last one, which is -1.

namespace gantry {

namespace ops {
/// Which axes are reduced.
using AxisSet = std::array<bool, core::Extents::max_rank>;

/// The axes of S in a set. Axes that S does not have are left out.
template <class S>
constexpr AxisSet axis_set(std::initializer_list<int> axes) {
    AxisSet set = {};
    for (const int axis : axes)
        if (axis_of<S>(axis) >= 0 && axis_of<S>(axis) < S::rank)
            set[static_cast<std::size_t>(axis_of<S>(axis))] = true;
    return set;
}
/// True if S has the axes, of which there is at least one.
template <class S>
constexpr bool are_axes(std::initializer_list<int> axes) {
    bool all = axes.size() > 0;
    for (const int axis : axes) all = all && axis_of<S>(axis) >= 0 && axis_of<S>(axis) < S::rank;
    return all;
}
/// S without the axes of a set or, with `keep`, with extent 1 in their place. Batch always disappears.
template <class S>
constexpr core::Extents without_axes(const AxisSet& axes, bool keep) {
    core::Extents extents;
    for (int a = 0; a < S::rank; ++a) {
        const bool reduced = axes[static_cast<std::size_t>(a)], batch = S::batched && a == 0;
        if (!reduced || (keep && !batch))
            extents.of[static_cast<std::size_t>(extents.rank++)] = reduced ? 1 : extent_of<S>(a);
    }
    return extents;
}

/// A group of adjacent axes that are reduced: x is (outer, size, inner).
struct AxisGroup {
    int begin;  ///< the first axis
    int end;    ///< the axis after the last
    bool last;  ///< no axis before it is reduced
};
/// Calls f(group) for each group, the last axes first.
template <class F>
void each_axis_group(const AxisSet& axes, const F& f) {
    for (int end = core::Extents::max_rank; end > 0; --end) {
        if (!axes[static_cast<std::size_t>(end - 1)]) continue;
        int begin = end - 1;
        while (begin > 0 && axes[static_cast<std::size_t>(begin - 1)]) --begin;
        bool last = true;
        for (int a = 0; a < begin; ++a) last = last && !axes[static_cast<std::size_t>(a)];
        f(AxisGroup{begin, end, last});
        end = begin + 1;
    }
}

/// scale * sum of x over axes. `result`: the extents of the sums. Adjacent axes are summed together.
template <class T, class D>
TensorRef<T, D> sum_axes(TensorRef<T, D> x, const AxisSet& axes, const core::Extents& result, double scale) {
    core::Extents extents = x.extents;
    each_axis_group(axes, [&](const AxisGroup& group) {
        const std::size_t outer = product(extents, 0, group.begin),
                          size = product(extents, group.begin, group.end),
                          inner = product(extents, group.end, extents.rank);
        for (int a = group.begin; a < group.end; ++a) extents.of[static_cast<std::size_t>(a)] = 1;
        const double factor = group.last ? scale : 1;
        x = run_op(inner == 1 ? SumOp<T>{outer, size, contracts::Axis::columns, factor}
                              : SumOp<T>{size, inner, contracts::Axis::rows, factor, outer},
                   group.last ? result : extents, {}, x);
    });
    return x;
}
/// The largest elements of x over axes.
template <class T, class D>
TensorRef<T, D> max_axes(TensorRef<T, D> x, const AxisSet& axes, const core::Extents& result) {
    core::Extents extents = x.extents;
    each_axis_group(axes, [&](const AxisGroup& group) {
        const std::size_t outer = product(extents, 0, group.begin),
                          size = product(extents, group.begin, group.end),
                          inner = product(extents, group.end, extents.rank);
        if (size > most_pieces) fail("max_over", "a maximum is over at most 2^24 elements", size);
        for (int a = group.begin; a < group.end; ++a) extents.of[static_cast<std::size_t>(a)] = 1;
        x = run_op(MaxoutSelectOp{outer, size, inner}, group.last ? result : extents, {}, x,
                   detach(x).value());
    });
    return x;
}
}  // namespace ops

namespace diagnosis {
/// Fails to compile with the shape (-1 is Batch) and the axes in the message.
template <class S, int... axes>
struct ReducedAxes {
    static_assert(
        ops::are_axes<S>({axes...}),
        "gantry: a reduction takes axes of the shape, such as sum_over<1, 2>(x); the last one is -1");
};
}  // namespace diagnosis

namespace ops {
/// Applies reduce(value, axes, extents of the result), and gives the result its shape.
template <int... axes, AnyTensor X, class Reduce>
auto reduced(const X& x, const Reduce& reduce) {
    using S = typename X::shape;
    using Check = ShapeCheck<are_axes<S>({axes...}), diagnosis::ReducedAxes<S, axes...>, S>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (!Check::fits) {
        return core::typed<core::AnyShape, X>(x.value());
    } else {
        using Y = typename ShapeOf<without_axes<S>(axis_set<S>({axes...}), false)>::type;
        return core::typed<Y, X>(
            reduce(x.value(), axis_set<S>({axes...}), Y::extents(x.value().extents.first())));
    }
}
/// Number of elements of x in each reduction.
template <int... axes, AnyTensor X>
double elements_of_reduction(const X& x) {
    const AxisSet set = axis_set<typename X::shape>({axes...});
    double count = 1;
    for (int a = 0; a < x.value().extents.rank; ++a)
        if (set[static_cast<std::size_t>(a)]) count *= x.value().extents.of[static_cast<std::size_t>(a)];
    return count;
}
}  // namespace ops

/// Sum over axes, which disappear: sum_over<1, 2>: Shape<Batch, H, W, C> -> Shape<Batch, C>; sum_over<0>:
/// Shape<Batch, E...> -> Shape<E...>. The order of summation is fixed.
template <int... axes, AnyTensor X>
auto sum_over(const X& x) {
    return ops::reduced<axes...>(x,
                                 [](const auto& value, const ops::AxisSet& set, const core::Extents& result) {
                                     return ops::sum_axes(value, set, result, 1);
                                 });
}
/// Mean over axes. Shapes: see `sum_over`.
template <int... axes, AnyTensor X>
auto mean_over(const X& x) {
    return ops::reduced<axes...>(
        x, [&](const auto& value, const ops::AxisSet& set, const core::Extents& result) {
            return ops::sum_axes(value, set, result, 1 / ops::elements_of_reduction<axes...>(x));
        });
}
/// Variance over axes, the mean of (x - mean)^2: biased, as batch norm has it (PyTorch's correction = 0).
/// Shapes: see `sum_over`.
template <int... axes, AnyTensor X>
auto variance_over(const X& x) {
    using S = typename X::shape;
    const auto mean = mean_over<axes...>(x);
    if constexpr (ops::is_unknown<typename decltype(mean)::shape>) {
        return mean;
    } else {
        using Kept = typename ops::ShapeOf<ops::without_axes<S>(ops::axis_set<S>({axes...}), true)>::type;
        return mean_over<axes...>(square(x - reshape<Kept>(mean)));
    }
}
/// Largest element over axes; NaN if one is. The gradient flows to the first of equal maxima, in the order of
/// memory. Shapes: see `sum_over`. Errors: more than 2^24 elements along adjacent axes.
template <int... axes, AnyTensor X>
auto max_over(const X& x) {
    return ops::reduced<axes...>(x,
                                 [](const auto& value, const ops::AxisSet& set, const core::Extents& result) {
                                     return ops::max_axes(value, set, result);
                                 });
}

}  // namespace gantry
