#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/matmul.hpp>

#include <optional>

namespace gantry::contracts {

// If the window covers its input exactly once, or is a single pixel, a convolution is a matrix product.
// Devices launch that product in place of the convolution.

/// The size of a convolution that is a matrix product: x is (rows, inner), w is (inner, out_channels).
struct PlainProduct {
    int rows, inner;
};
/// The matrix product that is equivalent to a convolution, if there is one. Groups are a product each.
inline std::optional<PlainProduct> plain_product(const ConvolutionGeometry& g) {
    const ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const auto covers = [](const ConvolutionAxis& a) {
        return a.out == 1 && a.size == a.in && a.padding == 0 && a.dilation == 1;
    };
    const auto is_pixel = [](const ConvolutionAxis& a) {
        return a.size == 1 && a.stride == 1 && a.padding == 0 && a.in == a.out;
    };
    if (g.groups > 1) return {};
    if (covers(v) && covers(h)) return PlainProduct{g.batch, v.in * h.in * g.in_channels};
    if (is_pixel(v) && is_pixel(h)) return PlainProduct{g.batch * v.in * h.in, g.in_channels};
    return {};
}

/// The matrix product that computes a convolution in one of its directions, if there is one.
template <class T>
std::optional<MatmulParameters<T>> as_product(const ConvolutionParameters<T>& p) {
    const auto x = plain_product(p.geometry);
    if (!x) return {};
    return MatmulParameters<T>{.rows = x->rows,
                               .columns = p.geometry.out_channels,
                               .inner = x->inner,
                               .a = p.x,
                               .b = p.w,
                               .c = p.y,
                               .bias = p.bias,
                               .activation = p.activation};
}
/// If a row of x holds all (pixel, channel) of an image, the bias repeats within the row, which the bias of a
/// matrix product does not. The product then omits bias and activation, and has no bias where `p` has one.
template <class T>
std::optional<MatmulParameters<T>> as_product(const ConvolutionTransposedParameters<T>& p) {
    const auto x = plain_product(p.geometry);
    if (!x) return {};
    const bool separate_bias = p.bias && x->inner != p.geometry.in_channels;
    return MatmulParameters<T>{.rows = x->rows,
                               .columns = x->inner,
                               .inner = p.geometry.out_channels,
                               .transpose_b = true,
                               .a = p.y,
                               .b = p.w,
                               .c = p.x,
                               .bias = separate_bias ? nullptr : p.bias,
                               .activation = separate_bias ? Activation{} : p.activation};
}
template <class T>
std::optional<MatmulParameters<T>> as_product(const ConvolutionWeightGradientParameters<T>& p) {
    const auto x = plain_product(p.geometry);
    if (!x) return {};
    return MatmulParameters<T>{.rows = x->inner,
                               .columns = p.geometry.out_channels,
                               .inner = x->rows,
                               .transpose_a = true,
                               .a = p.x,
                               .b = p.y,
                               .c = p.w,
                               .accumulate = p.accumulate};
}

}  // namespace gantry::contracts
