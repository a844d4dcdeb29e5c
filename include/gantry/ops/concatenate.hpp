#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/copy.hpp>
#include <gantry/core/error.hpp>
#include <gantry/ops/axes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gantry {

namespace ops {
/// y (rows, count) = columns [from, from + count) of x (rows, total).
struct SliceOp {
    static constexpr std::string_view name = "slice";
    static constexpr bool takes_integers = true;
    std::size_t rows, total, from, count;

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device, contracts::CopyBlockParameters<typename V::scalar>{rows, count, x.data + from,
                                                                             total, y.data, count});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const;
};

/// The adjoint of SliceOp: y (rows, total) = x (rows, count) in columns [from, from + count), 0 elsewhere.
struct PadOp {
    static constexpr std::string_view name = "pad";
    static constexpr bool takes_integers = true;
    std::size_t rows, total, from, count;

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        using T = typename V::scalar;
        launch(*y.device, contracts::FillParameters<T>{y.size(), y.data, T(0)});
        launch(*y.device,
               contracts::CopyBlockParameters<T>{rows, count, x.data, count, y.data + from, total});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x,
                        [&] { return run_op(SliceOp{rows, total, from, count}, x.extents, {}, upstream); });
    }
};

template <class V>
void SliceOp::vjp(const V& upstream, const V&, const V& x) const {
    accumulate_grad(x, [&] { return run_op(PadOp{rows, total, from, count}, x.extents, {}, upstream); });
}

/// y (rows, sum of columns) = inputs (rows, columns[k]), joined along the columns.
template <std::size_t N>
struct ConcatenateOp {
    static constexpr std::string_view name = "concatenate";
    static constexpr bool takes_integers = true;
    std::size_t rows;
    std::array<std::size_t, N> columns;

    template <class V, class... In>
    void forward(const V& y, bool, const In&... x) const {
        using T = typename V::scalar;
        each_part(
            [&](std::size_t total, std::size_t from, std::size_t count, const V& part) {
                launch(*y.device, contracts::CopyBlockParameters<T>{rows, count, part.data, count,
                                                                    y.data + from, total});
            },
            x...);
    }
    template <class V, class... In>
    void vjp(const V& upstream, const V&, const In&... x) const {
        each_part(
            [&](std::size_t total, std::size_t from, std::size_t count, const V& part) {
                accumulate_grad(part, [&] {
                    return run_op(SliceOp{rows, total, from, count}, part.extents, {}, upstream);
                });
            },
            x...);
    }

private:
    /// Calls f(all columns, first column, columns, x) for each input.
    template <class F, class... In>
    void each_part(const F& f, const In&... x) const {
        std::size_t total = 0, from = 0, k = 0;
        for (const std::size_t count : columns) total += count;
        ((f(total, from, columns[k], x), from += columns[k++]), ...);
    }
};

/// True if shapes are equal but for the extent of one axis, which they have.
template <class S, class... More>
constexpr bool differ_in_axis(int axis) {
    return has_sample_axis<S>(axis) &&
           ((More::rank == S::rank && with_extent<More>(axis, 1) == with_extent<S>(axis, 1)) && ...);
}
/// Runs the concatenation of tensors whose batch sizes are equal; S is the shape of the result. Extents
/// behind `axis` are contiguous.
template <class S, AnyTensor A, AnyTensor... More>
auto run_concatenate(std::string_view name, int axis, const A& a, const More&... more) {
    const core::Extents of_a = a.value().extents;
    const auto check = [&](const core::Extents& other) {
        if (S::batched && other.first() != of_a.first())
            fail(name, "both inputs must have the same batch size", of_a, " and ", other);
    };
    (check(more.value().extents), ...);
    const core::Extents extents = S::extents(of_a.first());
    const std::size_t rows = product(extents, 0, axis);
    return core::typed<S, A, More...>(
        run_op(ConcatenateOp<1 + sizeof...(More)>{rows, {a.size() / rows, more.size() / rows...}}, extents,
               {}, a.value(), more.value()...));
}
}  // namespace ops

namespace diagnosis {
/// Fails to compile with the axis and all shapes (-1 is Batch) in the message.
template <int axis, class... S>
struct ConcatenateFits {
    static_assert(
        ops::differ_in_axis<S...>(axis),
        "gantry: the inputs of concatenate may differ only in the extent of their axis, which is not "
        "Batch; for the batch use concatenate_batch");
};
}  // namespace diagnosis

/// Concatenates along an axis: concatenate<1> of Shape<Batch, A, ...> and Shape<Batch, B, ...> gives
/// Shape<Batch, A + B, ...>. For the batch use concatenate_batch. Errors: different batch sizes.
template <int axis, AnyTensor A, AnyTensor... More>
auto concatenate(const A& a, const More&... more) {
    using Check =
        ops::ShapeCheck<ops::differ_in_axis<typename A::shape, typename More::shape...>(axis),
                        diagnosis::ConcatenateFits<axis, typename A::shape, typename More::shape...>,
                        typename A::shape, typename More::shape...>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (!Check::fits) {
        return core::typed<core::AnyShape, A, More...>(a.value());
    } else {
        using Input = typename A::shape;
        constexpr int all = (ops::extent_of<Input>(axis) + ... + ops::extent_of<typename More::shape>(axis));
        using S = typename ops::ShapeOf<ops::with_extent<Input>(axis, all)>::type;
        return ops::run_concatenate<S>("concatenate", ops::axis_of<Input>(axis), a, more...);
    }
}
/// Concatenates along the last extent (features or channels): Shape<Batch, ..., A> and Shape<Batch, ..., B>
/// -> Shape<Batch, ..., A + B>. Errors: different batch sizes.
template <AnyTensor A, AnyTensor... More>
auto concatenate(const A& a, const More&... more) {
    return concatenate<-1>(a, more...);
}

/// Concatenates along the batch: the samples of a, followed by those of the others, such as real and
/// generated images. All have the same shape Shape<Batch, E...>, which is also that of the result. Errors:
/// 2^31 samples or more.
template <AnyTensor A, AnyTensor... More>
auto concatenate_batch(const A& a, const More&... more) {
    using S = typename A::shape;
    static_assert((core::same_shape<S, typename More::shape> && ... && S::batched),
                  "gantry: the inputs of concatenate_batch must have the same shape per sample");
    const std::int64_t samples =
        (std::int64_t{a.value().extents.first()} + ... + more.value().extents.first());
    if (samples > std::numeric_limits<int>::max())
        fail("concatenate_batch", "a batch must have fewer than 2^31 samples", samples);
    const core::Extents extents = S::extents(static_cast<int>(samples));
    return core::typed<S, A, More...>(
        ops::run_op(ops::ConcatenateOp<1 + sizeof...(More)>{1, {a.value().size(), more.value().size()...}},
                    extents, {}, a.value(), more.value()...));
}

namespace ops {
/// Elements [from, from + count) along an axis of x; the result has shape S.
template <class S, AnyTensor X>
auto run_slice(const X& x, int axis, int from) {
    const core::Extents extents = S::extents(x.value().extents.first()), whole = x.value().extents;
    const auto at = static_cast<std::size_t>(axis);
    const std::size_t rows = product(whole, 0, axis), inner = product(whole, axis + 1, whole.rank);
    return core::typed<S, X>(run_op(
        SliceOp{rows, inner * static_cast<std::size_t>(whole.of[at]), inner * static_cast<std::size_t>(from),
                inner * static_cast<std::size_t>(extents.of[at])},
        extents, {}, x.value()));
}
}  // namespace ops

/// Elements [from, from + count) of the last extent: Shape<Batch, ..., N> -> Shape<Batch, ..., count>.
template <int from, int count, AnyTensor X>
auto slice(const X& x) {
    using LastX = core::Last<typename X::shape>;
    static_assert(std::is_same_v<typename X::shape, core::AnyShape> ||
                      (from >= 0 && count > 0 && from + count <= LastX::value),
                  "gantry: a slice must be within the last extent");
    using S = typename LastX::template with<count>;
    const core::Extents extents = S::extents(x.value().extents.first());
    return core::typed<S, X>(
        ops::run_op(ops::SliceOp{extents.size() / count, LastX::value, from, count}, extents, {}, x.value()));
}

}  // namespace gantry
