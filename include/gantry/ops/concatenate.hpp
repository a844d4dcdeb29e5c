#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/copy.hpp>

#include <cstdint>
#include <limits>
#include <string_view>

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

/// y (rows, a_columns + b_columns) = a (rows, a_columns) and b (rows, b_columns), joined along the columns.
struct ConcatenateOp {
    static constexpr std::string_view name = "concatenate";
    static constexpr bool takes_integers = true;
    std::size_t rows, a_columns, b_columns;

    template <class V>
    void forward(const V& y, bool, const V& a, const V& b) const {
        using T = typename V::scalar;
        const std::size_t total = a_columns + b_columns;
        launch(*y.device,
               contracts::CopyBlockParameters<T>{rows, a_columns, a.data, a_columns, y.data, total});
        launch(*y.device, contracts::CopyBlockParameters<T>{rows, b_columns, b.data, b_columns,
                                                            y.data + a_columns, total});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& a, const V& b) const {
        const std::size_t total = a_columns + b_columns;
        accumulate_grad(a,
                        [&] { return run_op(SliceOp{rows, total, 0, a_columns}, a.extents, {}, upstream); });
        accumulate_grad(
            b, [&] { return run_op(SliceOp{rows, total, a_columns, b_columns}, b.extents, {}, upstream); });
    }
};
}  // namespace ops

/// Concatenates along the last extent (features or channels): Shape<Batch, ..., A> and Shape<Batch, ..., B>
/// -> Shape<Batch, ..., A + B>. Errors: different batch sizes.
template <AnyTensor A, AnyTensor B>
auto concatenate(const A& a, const B& b) {
    using LastA = core::Last<typename A::shape>;
    using LastB = core::Last<typename B::shape>;
    constexpr int both = LastA::value + LastB::value;
    using S = typename LastA::template with<both>;
    static_assert(core::same_shape<S, typename LastB::template with<both>>,
                  "gantry: the inputs of concatenate may differ only in the last extent");
    const int batch = a.value().extents.first();
    if (b.value().extents.first() != batch)
        fail("concatenate", "both inputs must have the same batch size", a.value().extents, " and ",
             b.value().extents);
    const core::Extents extents = S::extents(batch);
    return core::typed<S, A, B>(
        ops::run_op(ops::ConcatenateOp{extents.size() / static_cast<std::size_t>(extents.last()),
                                       LastA::value, LastB::value},
                    extents, {}, a.value(), b.value()));
}

/// Concatenates along the batch: the samples of a, followed by those of b, such as real and generated images.
/// Both have the same shape Shape<Batch, E...>, which is also that of the result. Errors: 2^31 samples or
/// more.
template <AnyTensor A, AnyTensor B>
auto concatenate_batch(const A& a, const B& b) {
    using S = typename A::shape;
    static_assert(core::same_shape<S, typename B::shape> && S::batched,
                  "gantry: the inputs of concatenate_batch must have the same shape per sample");
    const std::int64_t samples = std::int64_t{a.value().extents.first()} + b.value().extents.first();
    if (samples > std::numeric_limits<int>::max())
        fail("concatenate_batch", "a batch must have fewer than 2^31 samples", samples);
    const core::Extents extents = S::extents(static_cast<int>(samples));
    return core::typed<S, A, B>(ops::run_op(ops::ConcatenateOp{1, a.value().size(), b.value().size()},
                                            extents, {}, a.value(), b.value()));
}

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
