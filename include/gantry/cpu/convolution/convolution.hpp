#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/choose.hpp>
#include <gantry/cpu/convolution/weight_gradient.hpp>
#include <gantry/cpu/convolution/window_gradient.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/gemm/matmul.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// A convolution that is a plain matrix product, because the window covers its input exactly once or is a
/// single pixel. x is then a matrix of `rows` rows and `inner` columns.
struct ConvolutionMatrix {
    bool plain = false;
    int rows = 0, inner = 0;

    explicit ConvolutionMatrix(const contracts::ConvolutionGeometry& g) {
        const auto covers = [](const contracts::ConvolutionAxis& a) {
            return a.out == 1 && a.size == a.in && a.padding == 0 && a.dilation == 1;
        };
        const auto is_pixel = [](const contracts::ConvolutionAxis& a) {
            return a.size == 1 && a.stride == 1 && a.padding == 0 && a.in == a.out;
        };
        if (covers(g.vertical) && covers(g.horizontal)) {
            *this = {true, g.batch, g.vertical.in * g.horizontal.in * g.in_channels};
        } else if (is_pixel(g.vertical) && is_pixel(g.horizontal)) {
            *this = {true, g.batch * g.vertical.in * g.horizontal.in, g.in_channels};
        }
    }

private:
    ConvolutionMatrix(bool is_plain, int r, int i) : plain(is_plain), rows(r), inner(i) {}
};

/// Number of threads for a convolution: waking a thread costs about 1e5 FMAs.
inline int convolution_threads(const Cpu& device, const contracts::ConvolutionGeometry& g) {
    const double work = 1.0 * g.batch * g.vertical.out * g.horizontal.out * g.vertical.size *
                        g.horizontal.size * g.in_channels * g.out_channels;
    return static_cast<int>(std::clamp(work / (1 << 18), 1.0, 1.0 * device.threads()));
}

}  // namespace gantry::cpu::inline GANTRY_TARGET

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::ConvolutionParameters<T>& p) {
    contracts::check_range(p.geometry);
    const contracts::ConvolutionGeometry& g = p.geometry;
    if (const cpu::ConvolutionMatrix x(g); x.plain) {
        launch(device, contracts::MatmulParameters<T>{.rows = x.rows,
                                                      .columns = g.out_channels,
                                                      .inner = x.inner,
                                                      .a = p.x,
                                                      .b = p.w,
                                                      .c = p.y,
                                                      .bias = p.bias,
                                                      .activation = p.activation});
        return;
    }
    if (g.y_size() == 0) return;
    cpu::run(cpu::convolution_threads(device, g),
             cpu::ConvolutionSum<T>{.vertical_axis = g.vertical,
                                    .horizontal_axis = g.horizontal,
                                    .transposed = false,
                                    .batch = static_cast<std::size_t>(g.batch),
                                    .source_channels = static_cast<std::size_t>(g.in_channels),
                                    .target_channels = static_cast<std::size_t>(g.out_channels),
                                    .source = p.x,
                                    .w = p.w,
                                    .target = p.y,
                                    .bias = p.bias,
                                    .activation = p.activation});
}

template <class T>
void launch(Cpu& device, const contracts::ConvolutionTransposedParameters<T>& p) {
    contracts::check_range(p.geometry);
    const contracts::ConvolutionGeometry& g = p.geometry;
    // As a product, a row of x is (pixel, channel) of an image, so the bias would have to be repeated per
    // pixel.
    if (const cpu::ConvolutionMatrix x(g); x.plain && (!p.bias || x.inner == g.in_channels)) {
        launch(device, contracts::MatmulParameters<T>{.rows = x.rows,
                                                      .columns = x.inner,
                                                      .inner = g.out_channels,
                                                      .transpose_b = true,
                                                      .a = p.y,
                                                      .b = p.w,
                                                      .c = p.x,
                                                      .bias = p.bias,
                                                      .activation = p.activation});
        return;
    }
    if (g.x_size() == 0) return;
    cpu::run(cpu::convolution_threads(device, g),
             cpu::ConvolutionSum<T>{.vertical_axis = g.vertical,
                                    .horizontal_axis = g.horizontal,
                                    .transposed = true,
                                    .batch = static_cast<std::size_t>(g.batch),
                                    .source_channels = static_cast<std::size_t>(g.out_channels),
                                    .target_channels = static_cast<std::size_t>(g.in_channels),
                                    .source = p.y,
                                    .w = p.w,
                                    .target = p.x,
                                    .bias = p.bias,
                                    .activation = p.activation});
}

template <class T>
void launch(Cpu& device, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    contracts::check_range(p.geometry);
    const contracts::ConvolutionGeometry& g = p.geometry;
    if (const cpu::ConvolutionMatrix x(g); x.plain) {
        launch(device, contracts::MatmulParameters<T>{.rows = x.inner,
                                                      .columns = g.out_channels,
                                                      .inner = x.rows,
                                                      .transpose_a = true,
                                                      .a = p.x,
                                                      .b = p.y,
                                                      .c = p.w,
                                                      .accumulate = p.accumulate});
        return;
    }
    if (g.w_size() == 0) return;
    if (g.batch == 0) {
        if (!p.accumulate) std::fill_n(p.w, g.w_size(), T(0));
        return;
    }
    const int threads = cpu::convolution_threads(device, g);
    if (cpu::WindowGradient<T>::suits(g))
        cpu::WindowGradient<T>(p).run(threads);
    else
        cpu::WeightGradient<T>(p).run(threads);
}

}  // namespace gantry
