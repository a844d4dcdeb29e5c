#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/copy.hpp>
#include <gantry/ops/axes.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace gantry {

namespace ops {
/// The same elements in row-major order with another shape. A view: the result shares the memory of the
/// input.
struct ReshapeOp {
    static constexpr std::string_view name = "reshape";
    static constexpr bool takes_integers = true;

    template <class V>
    void forward(const V&, bool, const V&) const {}
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return run_op(*this, x.extents, {upstream.data, false}, upstream); });
    }
};
}  // namespace ops

namespace diagnosis {
/// Fails to compile with both sample sizes in the message.
template <std::size_t from, std::size_t to>
struct ReshapeFits {
    static_assert(from == to, "gantry: a reshape must keep the number of elements per sample");
    static constexpr bool value = true;  ///< no follow-up errors after the assertion
};
}  // namespace diagnosis

/// Returns x with shape S, a view that shares its memory. S must have the same number of elements per sample.
template <class S, AnyTensor X>
auto reshape(const X& x) {
    // std::disjunction instead of ||, which would also instantiate the size of AnyShape.
    static_assert(std::disjunction_v<std::is_same<typename X::shape, core::AnyShape>,
                                     diagnosis::ReshapeFits<X::shape::sample_size, S::sample_size>>);
    static_assert(S::batched == X::shape::batched, "gantry: a reshape must keep Batch");
    const auto& value = x.value();
    return core::typed<S, X>(
        ops::run_op(ops::ReshapeOp{}, S::extents(value.extents.first()), {value.data, false}, value));
}

/// Flattens each sample to a vector, a view: Shape<Batch, E...> -> Shape<Batch, product of E...>.
template <AnyTensor X>
auto flatten(const X& x) {
    static_assert(X::shape::batched, "gantry: flatten requires a shape with Batch");
    if constexpr (std::is_same_v<typename X::shape, core::AnyShape>)
        return x;
    else
        return reshape<Shape<Batch, static_cast<int>(X::shape::sample_size)>>(x);
}

namespace ops {
/// S with axes [first, last] as one.
template <class S>
constexpr core::Extents joined_axes(int first, int last) {
    const core::Extents all = S::extents(Batch);
    core::Extents extents;
    for (int a = 0; a < S::rank; ++a)
        if (a <= axis_of<S>(first) || a > axis_of<S>(last))
            extents.of[static_cast<std::size_t>(extents.rank++)] = all.of[static_cast<std::size_t>(a)];
        else
            extents.of[static_cast<std::size_t>(extents.rank - 1)] *= all.of[static_cast<std::size_t>(a)];
    return extents;
}
/// True if [first, last] are axes of S, and none is Batch.
template <class S>
constexpr bool are_sample_axes(int first, int last) {
    return has_sample_axis<S>(first) && has_sample_axis<S>(last) && axis_of<S>(first) <= axis_of<S>(last);
}
}  // namespace ops

namespace diagnosis {
/// Fails to compile with the shape (-1 is Batch) and the axes in the message.
template <class S, int first, int last>
struct JoinedAxes {
    static_assert(
        ops::are_sample_axes<S>(first, last),
        "gantry: flatten<first, last> takes two axes of the shape in ascending order, and not Batch; "
        "the last one is -1");
};
}  // namespace diagnosis

/// Joins axes first to last, a view: flatten<1, 2>: Shape<Batch, H, W, C> -> Shape<Batch, H * W, C>.
template <int first, int last, AnyTensor X>
auto flatten(const X& x) {
    using S = typename X::shape;
    using Check =
        ops::ShapeCheck<ops::are_sample_axes<S>(first, last), diagnosis::JoinedAxes<S, first, last>, S>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (!Check::fits)
        return core::typed<core::AnyShape, X>(x.value());
    else
        return reshape<typename ops::ShapeOf<ops::joined_axes<S>(first, last)>::type>(x);
}

/// Returns x with the shape of `like`, a view. Shapes: see `reshape`.
template <AnyTensor X, AnyTensor Like>
auto reshape_as(const X& x, const Like& /*like*/) {
    if constexpr (ops::is_unknown<typename X::shape> || ops::is_unknown<typename Like::shape>)
        return core::typed<core::AnyShape, X>(x.value());
    else
        return reshape<typename Like::shape>(x);
}

}  // namespace gantry
