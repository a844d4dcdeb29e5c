#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/reduce.hpp>

#include <cstddef>
#include <string_view>

namespace gantry {

namespace ops {
template <class Sum>
struct BroadcastOp;

/// y = scale * sum of x, viewed as matrices (batches, rows, columns), over one axis of each.
template <class Sum>
struct SumOp {
    static constexpr std::string_view name = "sum";
    std::size_t rows, columns;
    contracts::Axis axis;
    double scale = 1;
    std::size_t batches = 1;

    template <class V>
    void forward(const V& y, bool accumulate, const V& x) const {
        launch(*y.device, contracts::SumParameters<typename V::scalar, Sum>{
                              rows, columns, axis, x.data, y.data, accumulate, scale, batches});
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const;
};

/// y = scale * x, repeated along one axis of each matrix of y, viewed as (batches, rows, columns).
template <class Sum>
struct BroadcastOp {
    static constexpr std::string_view name = "broadcast";
    std::size_t rows, columns;
    contracts::Axis axis;
    double scale = 1;
    std::size_t batches = 1;

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device, contracts::BroadcastParameters<typename V::scalar>{rows, columns, axis, x.data,
                                                                             y.data, scale, batches});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&](Destination<typename V::scalar> into) {
            return run_op(SumOp<Sum>{rows, columns, axis, scale, batches}, x.extents, into, upstream);
        });
    }
};

template <class Sum>
template <class V>
void SumOp<Sum>::vjp(const V& upstream, const V&, const V& x) const {
    accumulate_grad(x, [&] {
        return run_op(BroadcastOp<Sum>{rows, columns, axis, scale, batches}, x.extents, {}, upstream);
    });
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

}  // namespace gantry
