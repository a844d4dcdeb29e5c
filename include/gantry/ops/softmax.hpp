#pragma once
#include <gantry/contracts/softmax.hpp>
#include <gantry/ops/arithmetic.hpp>
#include <gantry/ops/integers.hpp>
#include <gantry/ops/losses.hpp>

#include <algorithm>
#include <string_view>
#include <type_traits>

namespace gantry {

namespace ops {
/// y[r][c] = exp(x[r][c]) / sum over k of exp(x[r][k])
struct SoftmaxOp {
    static constexpr std::string_view name = "softmax";

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device, contracts::SoftmaxParameters<typename V::scalar>{
                              static_cast<std::size_t>(x.extents.of[0]),
                              static_cast<std::size_t>(x.extents.of[1]), x.data, y.data});
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const {
        accumulate_grad(x, [&] { return y * (upstream - row_sums_repeated(upstream * y)); });
    }
    /// Row sums, broadcast back to the shape of x.
    template <class V>
    static V row_sums_repeated(const V& x) {
        const auto rows = static_cast<std::size_t>(x.extents.of[0]),
                   columns = static_cast<std::size_t>(x.extents.of[1]);
        const V sums = run_op(SumOp<typename V::scalar>{rows, columns, contracts::Axis::columns},
                              core::Extents{1, {x.extents.of[0]}}, {}, x);
        return run_op(BroadcastOp<typename V::scalar>{rows, columns, contracts::Axis::columns}, x.extents, {},
                      sums);
    }
};
}  // namespace ops

/// Softmax over the features, y[r][c] = exp(x[r][c]) / sum over k of exp(x[r][k]): Shape<Batch, N> ->
/// Shape<Batch, N>. Stable for any finite x.
template <AnyTensor X>
auto softmax(const X& x) {
    static_assert(X::shape::rank == 2 || std::is_same_v<typename X::shape, core::DynamicShape> ||
                      std::is_same_v<typename X::shape, core::AnyShape>,
                  "gantry: softmax takes Shape<Batch, N>");
    return core::typed<typename X::shape, X>(ops::run_op(ops::SoftmaxOp{}, x.value().extents, {}, x.value()));
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
