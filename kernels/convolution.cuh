#pragma once
// Convolutions in their three directions: a ladder of three, and the rule which of them is used.
//
//     convolution_plain    one thread, one element: the reference, never chosen
//     convolution_tiled    implicit products, all in one pass: few channels, small batches, what cuDNN can't
//     convolution_cudnn    cuDNN, with passes for weights, bias and activation: wide layers
//
// Where the window covers its whole image or is one pixel, a convolution is a plain product (matmul.cuh).
//
// The rule is an estimate, made without a GPU. As with products, suppose 45 % of an H100's peak for the tiled
// kernels and at most 85 % for cuDNN. cuDNN needs two passes more, and for images channels-last in full fp32
// it may rearrange them within, which is another two: about 15 us with their launches, which 1e9
// floating-point operations win back, 2^30. With fewer than 32 channels on either side cuDNN's tiles are
// mostly empty. Batches of nothing, and geometries for which cuDNN finds no deterministic algorithm within
// the workspace, belong to the tiled kernels.
#include "bias_activation.cuh"
#include "convolution_cudnn.cuh"
#include "convolution_plain.cuh"
#include "convolution_tiled.cuh"
#include "convolution_weight_gradient.cuh"
#include <gantry/cuda/launch.hpp>

#include <algorithm>
#include <optional>

namespace gantry {

namespace cuda {

/// A convolution that is a plain product: x is a matrix (rows, inner), w one of (inner, out_channels).
struct PlainProduct {
    int rows, inner;
};
inline std::optional<PlainProduct> plain_product(const ConvolutionGeometry& g) {
    const ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const auto covers = [](const ConvolutionAxis& a) {
        return a.out == 1 && a.size == a.in && a.padding == 0 && a.dilation == 1;
    };
    const auto is_pixel = [](const ConvolutionAxis& a) {
        return a.size == 1 && a.stride == 1 && a.padding == 0 && a.in == a.out;
    };
    if (covers(v) && covers(h)) return PlainProduct{g.batch, v.in * h.in * g.in_channels};
    if (is_pixel(v) && is_pixel(h)) return PlainProduct{g.batch * v.in * h.in, g.in_channels};
    return {};
}

inline bool wide(const ConvolutionGeometry& g) {
    const double operations =
        2.0 * static_cast<double>(g.y_size()) * g.vertical.size * g.horizontal.size * g.in_channels;
    return std::min(g.in_channels, g.out_channels) >= 32 && operations >= 0x1p30;
}

template <class P>
void convolve(Cuda& device, const P& p) {
    if (!wide(p.geometry) || !convolution_cudnn(device, p)) convolution_tiled(device, p);
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const ConvolutionParameters<T>& p) {
    const int out = p.geometry.out_channels;
    if (const auto x = cuda::plain_product(p.geometry))
        launch(device, MatmulParameters<T>{.rows = x->rows,
                                           .columns = out,
                                           .inner = x->inner,
                                           .a = p.x,
                                           .b = p.w,
                                           .c = p.y,
                                           .bias = p.bias,
                                           .activation = p.activation});
    else
        cuda::convolve(device, p);
}

template <class T>
void launch(Cuda& device, const ConvolutionTransposedParameters<T>& p) {
    const int in = p.geometry.in_channels;
    const auto x = cuda::plain_product(p.geometry);
    if (!x) return cuda::convolve(device, p);
    // Where x has one row of (pixel, channel) for an image, its bias repeats within the row, which is no bias
    // of a product.
    const bool bias_apart = p.bias && x->inner != in;
    launch(device, MatmulParameters<T>{.rows = x->rows,
                                       .columns = x->inner,
                                       .inner = p.geometry.out_channels,
                                       .transpose_b = true,
                                       .a = p.y,
                                       .b = p.w,
                                       .c = p.x,
                                       .bias = bias_apart ? nullptr : p.bias,
                                       .activation = bias_apart ? Activation{} : p.activation});
    if (bias_apart)
        cuda::add_bias_and_activate(device, p.x, p.geometry.x_size() / in, in, p.bias, p.activation);
}

template <class T>
void launch(Cuda& device, const ConvolutionWeightGradientParameters<T>& p) {
    if (const auto x = cuda::plain_product(p.geometry))
        launch(device, MatmulParameters<T>{.rows = x->inner,
                                           .columns = p.geometry.out_channels,
                                           .inner = x->rows,
                                           .transpose_a = true,
                                           .a = p.x,
                                           .b = p.y,
                                           .c = p.w,
                                           .accumulate = p.accumulate});
    else
        cuda::convolve(device, p);
}

}  // namespace gantry
