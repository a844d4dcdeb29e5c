#pragma once
#include <gantry/cuda/device.hpp>
#include <gantry/kernels/convolution.hpp>

#include <algorithm>
#include <optional>

namespace gantry {

// Which of the kernels in kernels/convolution.cuh computes a convolution. Where the window covers its whole
// image or is one pixel, it is a plain product, of matmul.cuh. Of the others wide ones are cuDNN's.
//
// What is wide is an estimate, made without a GPU. As with products, suppose 45 % of an H100's peak for the
// tiled kernels and at most 85 % for cuDNN. cuDNN needs two passes more, and for images channels-last in full
// fp32 it may rearrange them within, which is another two: about 15 us with their launches, which 1e9
// floating-point operations win back, 2^30. With fewer than 32 channels on either side cuDNN's tiles are
// mostly empty. Batches of nothing, and geometries for which cuDNN finds no deterministic algorithm within
// the workspace, belong to the tiled kernels.

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

}  // namespace cuda

/// The tiled kernels do. The derivative of softplus is too long for their loops.
inline bool passes_activations(const Cuda&, const ConvolutionGeometry& g, ActivationKind kind) {
    return !cuda::plain_product(g) && !cuda::wide(g) && kind != ActivationKind::softplus;
}

}  // namespace gantry
