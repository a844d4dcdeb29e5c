#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/reduce.hpp>

#include <cstddef>
#include <string_view>

namespace gantry {

namespace ops {
template <class Sum>
struct BroadcastOp;

/// y = scale * sum of x, viewed as a matrix (rows, columns), over one axis.
template <class Sum>
struct SumOp {
    static constexpr std::string_view name = "sum";
    std::size_t rows, columns;
    contracts::Axis axis;
    double scale = 1;

    template <class V>
    void forward(const V& y, bool accumulate, const V& x) const {
        launch(*y.device, contracts::SumParameters<typename V::scalar, Sum>{rows, columns, axis, x.data,
                                                                            y.data, accumulate, scale});
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const;
};

/// y = scale * x, repeated along one axis; y is viewed as a matrix (rows, columns).
template <class Sum>
struct BroadcastOp {
    static constexpr std::string_view name = "broadcast";
    std::size_t rows, columns;
    contracts::Axis axis;
    double scale = 1;

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device, contracts::BroadcastParameters<typename V::scalar>{rows, columns, axis, x.data,
                                                                             y.data, scale});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&](Destination<typename V::scalar> into) {
            return run_op(SumOp<Sum>{rows, columns, axis, scale}, x.extents, into, upstream);
        });
    }
};

template <class Sum>
template <class V>
void SumOp<Sum>::vjp(const V& upstream, const V&, const V& x) const {
    accumulate_grad(
        x, [&] { return run_op(BroadcastOp<Sum>{rows, columns, axis, scale}, x.extents, {}, upstream); });
}
template <class S>
struct WithoutBatch {
    static_assert(S::batched, "gantry: a sum over the batch or per sample requires a shape with Batch");
};
template <int... Sizes>
struct WithoutBatch<Shape<Batch, Sizes...>> {
    using type = Shape<Sizes...>;
};
template <>
struct WithoutBatch<core::AnyShape> {
    using type = core::AnyShape;
};
/// scale * sum of all elements, a scalar.
template <class T, class D>
TensorRef<T, D> sum_all(const TensorRef<T, D>& x, double scale = 1) {
    return run_op(SumOp<T>{1, x.size(), contracts::Axis::columns, scale}, core::Extents{}, {}, x);
}
}  // namespace ops

/// Sum of all elements: S -> Shape<>. The order of summation is fixed.
template <AnyTensor X>
auto sum(const X& x) {
    return core::typed<Shape<>, X>(ops::sum_all(x.value()));
}
/// Mean of all elements: S -> Shape<>.
template <AnyTensor X>
auto mean(const X& x) {
    return core::typed<Shape<>, X>(ops::sum_all(x.value(), 1.0 / static_cast<double>(x.value().size())));
}
/// scale * sum over the samples of the batch: Shape<Batch, E...> -> Shape<E...>.
template <AnyTensor X>
auto sum_over_batch(const X& x, double scale = 1) {
    using S = typename ops::WithoutBatch<typename X::shape>::type;
    const auto samples = static_cast<std::size_t>(x.value().extents.first());
    return core::typed<S, X>(
        ops::run_op(ops::SumOp<typename X::scalar>{samples, S::sample_size, contracts::Axis::rows, scale},
                    S::extents(0), {}, x.value()));
}
/// Mean over the samples of the batch: Shape<Batch, E...> -> Shape<E...>.
template <AnyTensor X>
auto mean_over_batch(const X& x) {
    return sum_over_batch(x, 1.0 / x.value().extents.first());
}
/// scale * sum per sample: Shape<Batch, E...> -> Shape<Batch>.
template <AnyTensor X>
auto sum_per_sample(const X& x, double scale = 1) {
    using S = typename ops::WithoutBatch<typename X::shape>::type;
    const int samples = x.value().extents.first();
    return core::typed<Shape<Batch>, X>(
        ops::run_op(ops::SumOp<typename X::scalar>{static_cast<std::size_t>(samples), S::sample_size,
                                                   contracts::Axis::columns, scale},
                    Shape<Batch>::extents(samples), {}, x.value()));
}
/// Mean per sample: Shape<Batch, E...> -> Shape<Batch>.
template <AnyTensor X>
auto mean_per_sample(const X& x) {
    return sum_per_sample(x, 1.0 / static_cast<double>(X::shape::sample_size));
}

namespace ops {
/// How a smaller shape is broadcast to a larger one.
enum class Broadcast { impossible, same, scalar, trailing, each_sample };

/// Classifies how `part` is broadcast to `whole`: equal shapes (same); a scalar; the last extents, such as a
/// bias (trailing); one value per sample (each_sample).
constexpr Broadcast broadcast_kind(const core::Extents& whole, const core::Extents& part) {
    if (part == whole) return Broadcast::same;
    if (part.rank == 0) return Broadcast::scalar;
    if (whole.first() == Batch && part.size() == core::Extents{1, {Batch}}.size() && part.first() == Batch)
        return Broadcast::each_sample;
    if (part.rank >= whole.rank) return Broadcast::impossible;
    for (int i = 1; i <= part.rank; ++i)
        if (part.of[static_cast<std::size_t>(part.rank - i)] !=
            whole.of[static_cast<std::size_t>(whole.rank - i)])
            return Broadcast::impossible;
    return Broadcast::trailing;
}
}  // namespace ops

namespace diagnosis {
/// Fails to compile with both shapes in the message (-1 is Batch).
template <class Whole, class Part>
struct BroadcastFits {
    static_assert(ops::broadcast_kind(Whole::extents(Batch), Part::extents(Batch)) !=
                      ops::Broadcast::impossible,
                  "gantry: a shape broadcasts to another one if it is the same, a scalar, its last extents "
                  "(a bias), or one value per sample");
};
}  // namespace diagnosis

/// Broadcasts x to shape S; see broadcast_kind for the shapes that fit. `batch` is used only if S has a Batch
/// and x has none.
template <class S, AnyTensor X>
auto broadcast_to(const X& x, int batch) {
    static_cast<void>(sizeof(diagnosis::BroadcastFits<S, typename X::shape>));
    constexpr ops::Broadcast kind = ops::broadcast_kind(S::extents(Batch), X::shape::extents(Batch));
    const core::Extents extents = S::extents(X::shape::batched ? x.value().extents.first() : batch);
    if constexpr (kind == ops::Broadcast::same) {
        return x;
    } else if constexpr (kind == ops::Broadcast::scalar) {
        return core::typed<S, X>(
            ops::run_op(ops::BroadcastOp<typename X::scalar>{1, extents.size(), contracts::Axis::columns},
                        extents, {}, x.value()));
    } else if constexpr (kind == ops::Broadcast::trailing) {
        const std::size_t columns = x.value().size();
        return core::typed<S, X>(ops::run_op(
            ops::BroadcastOp<typename X::scalar>{extents.size() / columns, columns, contracts::Axis::rows},
            extents, {}, x.value()));
    } else {
        return core::typed<S, X>(ops::run_op(
            ops::BroadcastOp<typename X::scalar>{x.value().size(), S::sample_size, contracts::Axis::columns},
            extents, {}, x.value()));
    }
}

}  // namespace gantry
