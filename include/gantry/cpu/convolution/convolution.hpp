#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/convolution_product.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/choose.hpp>
#include <gantry/cpu/convolution/depthwise.hpp>
#include <gantry/cpu/convolution/grouped.hpp>
#include <gantry/cpu/convolution/weight_gradient.hpp>
#include <gantry/cpu/convolution/window_gradient.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/gemm/matmul.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Number of threads, at most `most`, for a convolution.
inline int convolution_threads(int most, const contracts::ConvolutionGeometry& g) {
    return worthwhile_threads(1.0 * g.batch * g.vertical.out * g.horizontal.out * g.vertical.size *
                                  g.horizontal.size * g.group_in() * g.out_channels,
                              most);
}

/// A forward or transposed convolution that is not a matrix product.
template <class T>
void run(int threads, const contracts::ConvolutionGeometry& g, const ConvolutionSum<T>& sum) {
    if (g.is_depthwise())
        DepthwiseConvolution<T>(sum).run(threads);
    else
        run(threads, sum);
}

// Each computes a convolution on at most `most_threads` threads.

template <class T>
void convolve(int most_threads, const contracts::ConvolutionParameters<T>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    if (const auto product = as_product(p)) return multiply(convolution_threads(most_threads, g), *product);
    if (g.y_size() == 0) return;
    const int threads = convolution_threads(most_threads, g);
    if (g.groups > 1 && !g.is_depthwise())
        return GroupedConvolution<T>(g).run(threads, p,
                                            [](int most, const auto& group) { convolve(most, group); });
    run(threads, g,
        ConvolutionSum<T>{.vertical_axis = g.vertical,
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
void convolve(int most_threads, const contracts::ConvolutionTransposedParameters<T>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    // Unlike a product, the kernels below can add one bias per channel to rows of (pixel, channel).
    if (const auto product = as_product(p); product && (!p.bias || product->bias))
        return multiply(convolution_threads(most_threads, g), *product);
    if (g.x_size() == 0) return;
    const int threads = convolution_threads(most_threads, g);
    if (g.groups > 1 && !g.is_depthwise())
        return GroupedConvolution<T>(g).run(threads, p,
                                            [](int most, const auto& group) { convolve(most, group); });
    run(threads, g,
        ConvolutionSum<T>{.vertical_axis = g.vertical,
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
void convolve(int most_threads, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    if (const auto product = as_product(p)) return multiply(convolution_threads(most_threads, g), *product);
    if (g.w_size() == 0) return;
    if (g.batch == 0) {
        if (!p.accumulate) std::fill_n(p.w, g.w_size(), T(0));
        return;
    }
    const int threads = convolution_threads(most_threads, g);
    if (g.is_depthwise())
        DepthwiseWeightGradient<T>(p).run(threads);
    else if (g.groups > 1)
        GroupedConvolution<T>(g).run(threads, p, [](int most, const auto& group) { convolve(most, group); });
    else if (WindowGradient<T>::suits(g))
        WindowGradient<T>(p).run(threads);
    else
        WeightGradient<T>(p).run(threads);
}

}  // namespace gantry::cpu::inline GANTRY_TARGET

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::ConvolutionParameters<T>& p) {
    contracts::check_range(p.geometry);
    cpu::convolve(device.threads(), p);
}

template <class T>
void launch(Cpu& device, const contracts::ConvolutionTransposedParameters<T>& p) {
    contracts::check_range(p.geometry);
    cpu::convolve(device.threads(), p);
}

template <class T>
void launch(Cpu& device, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    contracts::check_range(p.geometry);
    cpu::convolve(device.threads(), p);
}

}  // namespace gantry
