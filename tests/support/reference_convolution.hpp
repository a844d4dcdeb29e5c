#pragma once
#include <gantry/contracts/convolution.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace gantry {

namespace reference {

/// Calls f(index into x, index into y, index into w) for every product of a convolution.
template <class F>
void each_product(const contracts::ConvolutionGeometry& g, const F& f) {
    const auto index = [](int a, int b, int extent_b, int c, int extent_c) {
        return (std::size_t(a) * std::size_t(extent_b) + std::size_t(b)) * std::size_t(extent_c) +
               std::size_t(c);
    };
    const auto along = [](const contracts::ConvolutionAxis& axis, const auto& each) {
        for (int o = 0; o < axis.out; ++o)
            for (int k = 0; k < axis.size; ++k) {
                const int i = o * axis.stride - axis.padding + k * axis.dilation;
                if (i >= 0 && i < axis.in) each(o, k, i);
            }
    };
    for (int n = 0; n < g.batch; ++n)
        along(g.vertical, [&](int oy, int ky, int iy) {
            along(g.horizontal, [&](int ox, int kx, int ix) {
                const std::size_t x = index(n, iy, g.vertical.in, ix, g.horizontal.in);
                const std::size_t y = index(n, oy, g.vertical.out, ox, g.horizontal.out);
                const std::size_t w = std::size_t(ky) * std::size_t(g.horizontal.size) + std::size_t(kx);
                const auto in = std::size_t(g.in_channels), out = std::size_t(g.out_channels);
                for (std::size_t i = 0; i < in; ++i)
                    for (std::size_t o = 0; o < out; ++o) f(x * in + i, y * out + o, (w * in + i) * out + o);
            });
        });
}

/// Element `i` of an operand, with its activation backward.
template <class T>
double operand(const T* data, const contracts::ActivationBackward<T>& behind, std::size_t i) {
    const double x = data[i];
    if (!behind.outputs) return x;
    return x * derivative_from_result(behind.activation, behind.outputs[i]);
}

/// result = activation(sums + bias), the bias repeated.
template <class P, class T>
void finish_convolution(const P& p, const std::vector<double>& sums, int channels, T* result) {
    for (std::size_t i = 0; i < sums.size(); ++i)
        result[i] = static_cast<T>(
            activate(p.activation, sums[i] + (p.bias ? p.bias[i % std::size_t(channels)] : 0.0)));
}

}  // namespace reference

inline bool fuses_activation_backward(const Reference&, const contracts::ConvolutionGeometry&,
                                      contracts::ActivationKind) {
    return true;
}

template <class T>
void launch(Reference&, const contracts::ConvolutionParameters<T>& p) {
    contracts::check_range(p.geometry);
    std::vector<double> sums(p.geometry.y_size());
    reference::each_product(p.geometry, [&](std::size_t x, std::size_t y, std::size_t w) {
        sums[y] += reference::operand(p.x, p.x_activation, x) * p.w[w];
    });
    reference::finish_convolution(p, sums, p.geometry.out_channels, p.y);
}

template <class T>
void launch(Reference&, const contracts::ConvolutionTransposedParameters<T>& p) {
    contracts::check_range(p.geometry);
    std::vector<double> sums(p.geometry.x_size());
    reference::each_product(p.geometry, [&](std::size_t x, std::size_t y, std::size_t w) {
        sums[x] += reference::operand(p.y, p.y_activation, y) * p.w[w];
    });
    reference::finish_convolution(p, sums, p.geometry.in_channels, p.x);
}

template <class T>
void launch(Reference&, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    contracts::check_range(p.geometry);
    std::vector<double> sums(p.geometry.w_size());
    reference::each_product(p.geometry, [&](std::size_t x, std::size_t y, std::size_t w) {
        sums[w] += reference::operand(p.x, p.x_activation, x) * reference::operand(p.y, p.y_activation, y);
    });
    for (std::size_t i = 0; i < sums.size(); ++i)
        p.w[i] = static_cast<T>(sums[i] + (p.accumulate ? p.w[i] : T(0)));
}

}  // namespace gantry
