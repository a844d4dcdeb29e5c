#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/contracts/batch_norm.hpp>
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/elementwise.hpp>
#include <gantry/contracts/gather.hpp>
#include <gantry/contracts/loss.hpp>
#include <gantry/contracts/matmul.hpp>
#include <gantry/contracts/maxout.hpp>
#include <gantry/contracts/norm.hpp>
#include <gantry/contracts/optimizers.hpp>
#include <gantry/contracts/pooling.hpp>
#include <gantry/contracts/random.hpp>
#include <gantry/contracts/reduce.hpp>
#include <gantry/contracts/resampling.hpp>
#include <gantry/contracts/softmax.hpp>
#include <gantry/meta/counted_number.hpp>

#include <cstddef>
#include <utility>

// Floating-point operations of the kernels. A multiplication and an addition are two operations, and so is
// any function one, as usual in the field. Taps of a window on padding count. An elementwise kernel counts as
// one function; an optimizer's update counts the arithmetic of its formula.

namespace gantry::contracts {

namespace detail {
/// Of a bias and an activation, for `results` elements.
template <class P>
std::size_t epilogue_flops(const P& p, std::size_t results) {
    return (p.bias ? results : 0) + (p.activation.kind != ActivationKind{} ? results : 0);
}
/// Of a fused activation backward.
template <class T>
std::size_t backward_flops(const ActivationBackward<T>& a, std::size_t operands) {
    return a.outputs ? operands : 0;
}
inline std::size_t convolution_flops(const ConvolutionGeometry& g) {
    return 2 * g.y_size() * static_cast<std::size_t>(g.vertical.size) *
           static_cast<std::size_t>(g.horizontal.size) * static_cast<std::size_t>(g.group_in());
}
inline std::size_t pooling_flops(const PoolingGeometry& g) {
    return g.images * static_cast<std::size_t>(g.pooled_height) * static_cast<std::size_t>(g.pooled_width) *
           g.channels * static_cast<std::size_t>(g.window.size.vertical) *
           static_cast<std::size_t>(g.window.size.horizontal);
}
}  // namespace detail

/// Kernels that move data or draw random numbers.
template <class P>
std::size_t flops(const P&) {
    return 0;
}
template <class... S>
std::size_t flops(const MatmulParameters<S...>& p) {
    const std::size_t results = static_cast<std::size_t>(p.rows) * static_cast<std::size_t>(p.columns);
    return 2 * results * static_cast<std::size_t>(p.inner) + detail::epilogue_flops(p, results);
}
template <class... S>
std::size_t flops(const BatchedMatmulParameters<S...>& p) {
    return p.batches * flops(p.first);
}
template <class... S>
std::size_t flops(const ConvolutionParameters<S...>& p) {
    const ConvolutionGeometry& g = p.geometry;
    return detail::convolution_flops(g) + detail::epilogue_flops(p, g.y_size()) +
           detail::backward_flops(p.x_activation, g.x_size());
}
template <class... S>
std::size_t flops(const ConvolutionTransposedParameters<S...>& p) {
    const ConvolutionGeometry& g = p.geometry;
    return detail::convolution_flops(g) + detail::epilogue_flops(p, g.x_size()) +
           detail::backward_flops(p.y_activation, g.y_size());
}
template <class... S>
std::size_t flops(const ConvolutionWeightGradientParameters<S...>& p) {
    const ConvolutionGeometry& g = p.geometry;
    return detail::convolution_flops(g) + detail::backward_flops(p.x_activation, g.x_size()) +
           detail::backward_flops(p.y_activation, g.y_size());
}
template <class... S>
std::size_t flops(const BatchNormParameters<S...>& p) {
    return (p.activation.kind != ActivationKind{} ? 9 : 8) * p.rows * p.columns;
}
template <class... S>
std::size_t flops(const BatchNormEvaluationParameters<S...>& p) {
    return (p.activation.kind != ActivationKind{} ? 3 : 2) * p.rows * p.columns;
}
/// The sums and n: 5 per element. The gradient by x: 4 more. The activation's derivative: 1.
template <class... S>
std::size_t flops(const BatchNormGradientParameters<S...>& p) {
    return ((p.activation.kind != ActivationKind{} ? 6 : 5) + (p.x_gradient ? 4 : 0)) * p.rows * p.columns;
}
template <class F, class T, std::size_t N>
std::size_t flops(const ElementwiseParameters<F, T, N>& p) {
    return p.size;
}
template <class F, class T, std::size_t N, class Sum>
std::size_t flops(const TransformReduceParameters<F, T, N, Sum>& p) {
    return 2 * p.size;
}
template <class F, class T, std::size_t N, class Sum>
std::size_t flops(const LossParameters<F, T, N, Sum>& p) {
    return 3 * p.size;
}
template <class... S>
std::size_t flops(const SumParameters<S...>& p) {
    return p.batches * p.rows * p.columns;
}
template <class T>
std::size_t flops(const BroadcastParameters<T>& p) {
    return p.scale == 1 ? 0 : p.batches * p.rows * p.columns;
}
template <class T>
std::size_t flops(const MaxPoolParameters<T>& p) {
    return detail::pooling_flops(p.geometry);
}
template <class T>
std::size_t flops(const SwitchScatterParameters<T>& p) {
    return p.extents.images * p.extents.pooled_pixels * p.extents.channels;
}
template <class T>
std::size_t flops(const WindowSumParameters<T>& p) {
    return detail::pooling_flops(p.geometry);
}
template <class T>
std::size_t flops(const WindowSpreadParameters<T>& p) {
    return detail::pooling_flops(p.geometry);
}
/// Each pixel of the smaller image meets each tap of the window, in both directions.
template <class T>
std::size_t flops(const ResamplingParameters<T>& p) {
    const auto taps = static_cast<std::size_t>(p.filter.size * p.filter.size);
    return 2 * p.images * static_cast<std::size_t>(p.height) * static_cast<std::size_t>(p.width) *
           p.channels * taps;
}
template <class T>
std::size_t flops(const MaxoutSelectParameters<T>& p) {
    return p.rows * p.pieces * p.columns;
}
template <class T>
std::size_t flops(const MaxoutScatterParameters<T>& p) {
    return p.rows * p.pieces * p.columns;
}
template <class T>
std::size_t flops(const ScatterRowsParameters<T>& p) {
    return p.groups * p.count * p.columns;
}
template <class T>
std::size_t flops(const ArgmaxParameters<T>& p) {
    return p.rows * p.columns;
}
template <class T>
std::size_t flops(const SoftmaxParameters<T>& p) {
    return 4 * p.rows * p.columns;
}
template <class... S>
std::size_t flops(const CrossEntropyParameters<S...>& p) {
    return 6 * p.rows * p.columns;
}
template <class T>
std::size_t flops(const DropoutParameters<T>& p) {
    return p.size;
}
template <class T>
std::size_t flops(const NormParameters<T>& p) {
    return 2 * p.size;
}
template <class T>
std::size_t flops(const ClipToNormParameters<T>& p) {
    return p.size;
}
/// The arithmetic of the optimizer's formula, for each parameter.
template <class F, class Gradient>
std::size_t flops(const UpdateParameters<F, Gradient>& p) {
    using core::CountedNumber;
    const std::size_t before = CountedNumber::operations;
    CountedNumber w, moments[F::moments];
    [&]<std::size_t... i>(std::index_sequence<i...>) {
        p.update(CountedNumber{}, w, moments[i]...);
    }(std::make_index_sequence<F::moments>{});
    return p.size * (CountedNumber::operations - before);
}

}  // namespace gantry::contracts
