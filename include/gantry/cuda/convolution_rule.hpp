#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/matmul.hpp>
#include <gantry/cuda/device.hpp>
#include <gantry/ops/activation.hpp>

#include <algorithm>
#include <optional>

namespace gantry {

namespace cuda {
// Selects the kernel for a convolution. If the window covers the whole image or a single pixel, the
// convolution is a matrix product (matmul.cuh). Of the others, wide ones use cuDNN, the rest the tiled
// kernels of kernels/convolution.cuh.
//
// The threshold for "wide" is an estimate, made without a GPU; bench/gpu/calibrate.cpp measures its cost and
// the best threshold. As for matrix products, assume 45 % of an H100's peak for the tiled kernels and at most
// 85 % for cuDNN. cuDNN needs two more passes, and its exact engines for channels-last images copy them to
// another layout and back (hence their workspace): about 15 us including launches, which break even at 1e9
// floating-point operations, 2^30. With fewer than 32 channels on either side cuDNN's tiles are mostly empty.
// The tiled kernels also compute empty batches, tensors that are not aligned to 16 bytes, and geometries for
// which cuDNN has no engine that CudaOptions allows.

/// The size of a convolution that is a matrix product: x is (rows, inner), w is (inner, out_channels).
struct PlainProduct {
    int rows, inner;
};
/// The matrix product that is equivalent to a convolution, if there is one.
inline std::optional<PlainProduct> plain_product(const contracts::ConvolutionGeometry& g) {
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const auto covers = [](const contracts::ConvolutionAxis& a) {
        return a.out == 1 && a.size == a.in && a.padding == 0 && a.dilation == 1;
    };
    const auto is_pixel = [](const contracts::ConvolutionAxis& a) {
        return a.size == 1 && a.stride == 1 && a.padding == 0 && a.in == a.out;
    };
    if (covers(v) && covers(h)) return PlainProduct{g.batch, v.in * h.in * g.in_channels};
    if (is_pixel(v) && is_pixel(h)) return PlainProduct{g.batch * v.in * h.in, g.in_channels};
    return {};
}

/// The matrix product that computes a convolution in one of its directions, if there is one.
template <class T>
std::optional<contracts::MatmulParameters<T>> as_product(const contracts::ConvolutionParameters<T>& p) {
    const auto x = plain_product(p.geometry);
    if (!x) return {};
    return contracts::MatmulParameters<T>{.rows = x->rows,
                                          .columns = p.geometry.out_channels,
                                          .inner = x->inner,
                                          .a = p.x,
                                          .b = p.w,
                                          .c = p.y,
                                          .bias = p.bias,
                                          .activation = p.activation};
}
/// If a row of x holds all (pixel, channel) of an image, the bias repeats within the row, which the bias of a
/// matrix product does not. The product then omits bias and activation, which need a separate pass.
template <class T>
std::optional<contracts::MatmulParameters<T>> as_product(
    const contracts::ConvolutionTransposedParameters<T>& p) {
    const auto x = plain_product(p.geometry);
    if (!x) return {};
    const bool separate_bias = p.bias && x->inner != p.geometry.in_channels;
    return contracts::MatmulParameters<T>{
        .rows = x->rows,
        .columns = x->inner,
        .inner = p.geometry.out_channels,
        .transpose_b = true,
        .a = p.y,
        .b = p.w,
        .c = p.x,
        .bias = separate_bias ? nullptr : p.bias,
        .activation = separate_bias ? contracts::Activation{} : p.activation};
}
template <class T>
std::optional<contracts::MatmulParameters<T>> as_product(
    const contracts::ConvolutionWeightGradientParameters<T>& p) {
    const auto x = plain_product(p.geometry);
    if (!x) return {};
    return contracts::MatmulParameters<T>{.rows = x->inner,
                                          .columns = p.geometry.out_channels,
                                          .inner = x->rows,
                                          .transpose_a = true,
                                          .a = p.x,
                                          .b = p.y,
                                          .c = p.w,
                                          .accumulate = p.accumulate};
}

/// Floating-point operations of a convolution, 2 per multiply-add.
inline double operations(const contracts::ConvolutionGeometry& g) {
    return 2.0 * static_cast<double>(g.y_size()) * g.vertical.size * g.horizontal.size * g.in_channels;
}
/// Channels and operations from which cuDNN computes a convolution.
inline constexpr int wide_channels = 32;
inline constexpr double wide_operations = 0x1p30;
/// True if cuDNN computes the convolution.
inline bool wide(const contracts::ConvolutionGeometry& g) {
    return std::min(g.in_channels, g.out_channels) >= wide_channels && operations(g) >= wide_operations;
}
}  // namespace cuda

namespace contracts {
/// Only the tiled kernels fuse it.
inline bool fuses_activation_backward(const Cuda&, const ConvolutionGeometry& g, ActivationKind kind) {
    return !cuda::plain_product(g) && !cuda::wide(g) && ops::fuses_into_backward(kind);
}
}  // namespace contracts

}  // namespace gantry
