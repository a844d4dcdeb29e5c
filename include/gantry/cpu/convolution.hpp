#pragma once
#include <gantry/cpu/activation.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/kernels/convolution.hpp>

#include <cstddef>

namespace gantry {

namespace cpu {

/// Calls f(offset of x's pixel, of y's pixel, of the tap in w) for all that meet.
template <class F>
void for_each_meeting(const ConvolutionGeometry& g, const F& f) {
    const ConvolutionAxis v = g.vertical, h = g.horizontal;
    for (int n = 0; n < g.batch; ++n)
        for (int oy = 0; oy < v.out; ++oy)
            for (int ky = 0; ky < v.size; ++ky)
                for (int ox = 0; ox < h.out; ++ox)
                    for (int kx = 0; kx < h.size; ++kx) {
                        const int iy = oy * v.stride - v.padding + ky * v.dilation;
                        const int ix = ox * h.stride - h.padding + kx * h.dilation;
                        if (iy < 0 || iy >= v.in || ix < 0 || ix >= h.in) continue;
                        f(static_cast<std::size_t>((n * v.in + iy) * h.in + ix) *
                              static_cast<std::size_t>(g.in_channels),
                          static_cast<std::size_t>((n * v.out + oy) * h.out + ox) *
                              static_cast<std::size_t>(g.out_channels),
                          static_cast<std::size_t>(ky * h.size + kx) *
                              static_cast<std::size_t>(g.in_channels * g.out_channels));
                    }
}

template <class T>
void set_bias(std::size_t size, int channels, const T* bias, T* y) {
    for (std::size_t i = 0; i < size; ++i) y[i] = bias ? bias[i % static_cast<std::size_t>(channels)] : T(0);
}

}  // namespace cpu

template <class T>
void launch(Cpu&, const ConvolutionParameters<T>& p) {
    const ConvolutionGeometry& g = p.geometry;
    cpu::set_bias(g.y_size(), g.out_channels, p.bias, p.y);
    cpu::for_each_meeting(g, [&](std::size_t x, std::size_t y, std::size_t w) {
        for (int i = 0; i < g.in_channels; ++i)
            for (int o = 0; o < g.out_channels; ++o)
                p.y[y + o] += p.x[x + i] * p.w[w + static_cast<std::size_t>(i * g.out_channels + o)];
    });
    cpu::activate(p.activation, g.y_size(), p.y);
}

template <class T>
void launch(Cpu&, const ConvolutionTransposedParameters<T>& p) {
    const ConvolutionGeometry& g = p.geometry;
    cpu::set_bias(g.x_size(), g.in_channels, p.bias, p.x);
    cpu::for_each_meeting(g, [&](std::size_t x, std::size_t y, std::size_t w) {
        for (int i = 0; i < g.in_channels; ++i)
            for (int o = 0; o < g.out_channels; ++o)
                p.x[x + i] += p.y[y + o] * p.w[w + static_cast<std::size_t>(i * g.out_channels + o)];
    });
    cpu::activate(p.activation, g.x_size(), p.x);
}

template <class T>
void launch(Cpu&, const ConvolutionWeightGradientParameters<T>& p) {
    const ConvolutionGeometry& g = p.geometry;
    if (!p.accumulate)
        for (std::size_t i = 0; i < g.w_size(); ++i) p.w[i] = 0;
    cpu::for_each_meeting(g, [&](std::size_t x, std::size_t y, std::size_t w) {
        for (int i = 0; i < g.in_channels; ++i)
            for (int o = 0; o < g.out_channels; ++o)
                p.w[w + static_cast<std::size_t>(i * g.out_channels + o)] += p.x[x + i] * p.y[y + o];
    });
}

}  // namespace gantry
