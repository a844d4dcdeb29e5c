#pragma once
#include <gantry/contracts/softmax.hpp>
#include <gantry/ops/arithmetic.hpp>
#include <gantry/ops/index_map.hpp>
#include <gantry/ops/integers.hpp>
#include <gantry/ops/losses.hpp>

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

namespace gantry {

namespace ops {
/// y[r][c] = exp(x[r][c]) / sum over k of exp(x[r][k]), where a row is along the last axis; or its logarithm.
struct SoftmaxOp {
    static constexpr std::string_view name = "softmax";
    bool log = false;

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        const auto columns = static_cast<std::size_t>(x.extents.last());
        launch(*y.device, contracts::SoftmaxParameters<typename V::scalar>{x.size() / columns, columns,
                                                                           x.data, y.data, log});
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const {
        accumulate_grad(x, [&] {
            return log ? upstream - exp(y) * row_sums_repeated(upstream)
                       : y * (upstream - row_sums_repeated(upstream * y));
        });
    }
    /// Sums along the last axis, broadcast back to the shape of x.
    template <class V>
    static V row_sums_repeated(const V& x) {
        const auto columns = static_cast<std::size_t>(x.extents.last());
        const std::size_t rows = x.size() / columns;
        core::Extents of_sums = x.extents;
        of_sums.of[static_cast<std::size_t>(of_sums.rank - 1)] = 1;
        const V sums =
            run_op(SumOp<typename V::scalar>{rows, columns, contracts::Axis::columns}, of_sums, {}, x);
        return run_op(BroadcastOp<typename V::scalar>{rows, columns, contracts::Axis::columns}, x.extents, {},
                      sums);
    }
};

/// Softmax of x, or its logarithm, along an axis of shape S; other axes than the last one are moved there and
/// back.
template <class S, class T, class D>
TensorRef<T, D> run_softmax(const TensorRef<T, D>& x, int axis, bool log) {
    const int last = x.extents.rank - 1,
              index = std::is_same_v<S, core::DynamicShape> ? last : axis_of<S>(axis);
    if (index == last) return run_op(SoftmaxOp{log}, x.extents, {}, x);
    const IndexMapOp exchange = IndexMapOp::exchange(index, last);
    core::Extents extents = x.extents;
    std::swap(extents.of[static_cast<std::size_t>(index)], extents.of[static_cast<std::size_t>(last)]);
    return run_op(exchange, x.extents, {},
                  run_op(SoftmaxOp{log}, extents, {}, run_op(exchange, extents, {}, x)));
}
/// The public functions, with their checks.
template <int axis, AnyTensor X>
auto softmax_along(const X& x, bool log) {
    using S = typename X::shape;
    constexpr bool dynamic = std::is_same_v<S, core::DynamicShape>;
    using Check = ShapeCheck<dynamic || has_sample_axis<S>(axis), diagnosis::SampleAxis<S, axis>, S>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (dynamic)
        return run_softmax<S>(x, axis, log);
    else if constexpr (!Check::fits)
        return x;
    else
        return core::typed<S, X>(run_softmax<S>(x.value(), axis, log));
}
}  // namespace ops

/// Softmax along an axis, by default the last one (features or channels), exp(x) / sum of exp(x): S -> S.
/// Stable for any finite x.
template <int axis = -1, AnyTensor X>
auto softmax(const X& x) {
    return ops::softmax_along<axis>(x, false);
}
/// Logarithm of the softmax along an axis, x - log(sum of exp(x)): S -> S. Stable for any finite x, also
/// where the softmax itself is 0.
template <int axis = -1, AnyTensor X>
auto log_softmax(const X& x) {
    return ops::softmax_along<axis>(x, true);
}

namespace ops {
/// *y = mean over rows r of sum over c of t[r][c] (log(sum over k of exp(x[r][k])) - x[r][c]). The derivative
/// is computed in the same pass; recorded backward passes compute it by ops instead.
template <class T>
struct SoftmaxCrossEntropyOp {
    static constexpr std::string_view name = "softmax_cross_entropy";
    T* gradient;  ///< with respect to the logits, in the step's memory; null: not needed

    template <class V>
    void forward(const V& y, bool, const V& x, const V& targets) const {
        const auto rows = static_cast<std::size_t>(x.extents.of[0]),
                   columns = static_cast<std::size_t>(x.extents.of[1]);
        launch(*y.device, contracts::CrossEntropyParameters<T>{rows, columns, x.data, targets.data, y.data,
                                                               gradient, 1.0 / static_cast<double>(rows)});
    }
    /// dL/dx = upstream (softmax(x) * sum of t - t) / rows, with the sum per row.
    template <class V>
    void vjp(const V& upstream, const V&, const V& x, const V& targets) const {
        if (!x.device->tape().recording()) {
            accumulate_known_grad(upstream, x, gradient);
            return;
        }
        accumulate_grad(x, [&] {
            const V of_sum = softmax(x) * SoftmaxOp::row_sums_repeated(targets) - targets;
            return upstream * ((1.0 / x.extents.of[0]) * of_sum);
        });
    }
};
}  // namespace ops

/// Softmax cross entropy, averaged over the batch:
///   mean over r of sum over c of t[r][c] (log(sum over k of exp(x[r][k])) - x[r][c])
/// for logits x and target probabilities t (one-hot for class labels), both Shape<Batch, N> -> Shape<>.
/// Stable for any finite logits. Targets are constants without gradient. Errors: different batch sizes.
template <AnyTensor X, class S, class T, class D>
    requires(!std::is_integral_v<T>)
auto softmax_cross_entropy(const X& logits, const Tensor<S, T, D>& targets) {
    static_assert(core::same_shape<typename X::shape, S>,
                  "gantry: the logits and targets of softmax_cross_entropy must have the same shape");
    static_assert(X::shape::rank == 2 || std::is_same_v<typename X::shape, core::AnyShape>,
                  "gantry: softmax_cross_entropy takes Shape<Batch, N>");
    if (targets.value().extents != logits.value().extents)
        fail("softmax_cross_entropy", "targets and logits must have the same shape", targets.value().extents,
             " and ", logits.value().extents);
    const auto& x = logits.value();
    const ops::SoftmaxCrossEntropyOp<T> op{ops::gradient_destination(x)};
    return core::typed<Shape<>, X>(ops::run_op(op, core::Extents{}, {}, x, targets.value()));
}

/// The same for class labels: logits Shape<Batch, N>, integers Shape<Batch> -> Shape<>. PyTorch's
/// F.cross_entropy. Errors: a label outside [0, N), see one_hot.
template <AnyTensor X, IntegerTensor Labels>
auto softmax_cross_entropy(const X& logits, const Labels& labels) {
    constexpr int classes = std::max(1, core::Last<typename X::shape>::value);
    return softmax_cross_entropy(logits, one_hot<classes, typename X::scalar>(labels));
}

/// Does not compile: the targets are not a Tensor.
template <AnyTensor X, class Labels>
auto softmax_cross_entropy(const X& logits, const Labels&) {
    static_assert(sizeof(Labels) == 0,
                  "gantry: the targets of softmax_cross_entropy must be a Tensor: "
                  "from_host<Shape<Batch>>(device, batch, labels) for labels, detach(x) for a Variable");
    return core::typed<Shape<>, X>(logits.value());
}

}  // namespace gantry
