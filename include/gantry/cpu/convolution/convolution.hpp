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

/// The sums of a convolution.
template <class T>
ConvolutionSum<T> sum_of(const contracts::ConvolutionParameters<T>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    return {.vertical_axis = g.vertical,
            .horizontal_axis = g.horizontal,
            .transposed = false,
            .batch = static_cast<std::size_t>(g.batch),
            .source_channels = static_cast<std::size_t>(g.in_channels),
            .target_channels = static_cast<std::size_t>(g.out_channels),
            .source = p.x,
            .w = p.w,
            .target = p.y,
            .bias = p.bias,
            .activation = p.activation};
}
template <class T>
ConvolutionSum<T> sum_of(const contracts::ConvolutionTransposedParameters<T>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    return {.vertical_axis = g.vertical,
            .horizontal_axis = g.horizontal,
            .transposed = true,
            .batch = static_cast<std::size_t>(g.batch),
            .source_channels = static_cast<std::size_t>(g.out_channels),
            .target_channels = static_cast<std::size_t>(g.in_channels),
            .source = p.y,
            .w = p.w,
            .target = p.x,
            .bias = p.bias,
            .activation = p.activation};
}

/// The matrix product that the kernels compute in place of a convolution, if there is one.
template <class P>
auto product_of(const P& p) {
    return contracts::as_product(p);
}
template <class T>
auto product_of(const contracts::ConvolutionTransposedParameters<T>& p) {
    auto product = contracts::as_product(p);
    // Unlike a product, the kernels below can add one bias per channel to rows of (pixel, channel).
    if (product && p.bias && !product->bias) product.reset();
    return product;
}

// Each computes a depthwise convolution, or an ungrouped one, on `threads` threads.

template <class P>
void run_depthwise(int threads, const P& p) {
    DepthwiseConvolution(sum_of(p)).run(threads);
}
template <class T>
void run_depthwise(int threads, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    DepthwiseWeightGradient<T>(p).run(threads);
}
template <class P>
void run_ungrouped(int threads, const P& p) {
    run(threads, sum_of(p));
}
template <class T>
void run_ungrouped(int threads, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    if (WindowGradient<T>::suits(p.geometry))
        WindowGradient<T>(p).run(threads);
    else
        WeightGradient<T>(p).run(threads);
}

/// Computes a convolution, in the direction of P, on at most `most_threads` threads. No array is empty.
template <class P>
void convolve(int most_threads, const P& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    const int threads = convolution_threads(most_threads, g);
    if (const auto product = product_of(p))
        multiply(threads, *product);
    else if (g.is_depthwise())
        run_depthwise(threads, p);
    else if (g.groups > 1)
        GroupedConvolution(p).run(threads, convolve<P>);
    else
        run_ungrouped(threads, p);
}

}  // namespace gantry::cpu::inline GANTRY_TARGET

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::ConvolutionParameters<T>& p) {
    contracts::check_range(p.geometry);
    if (p.geometry.y_size() > 0) cpu::convolve(device.threads(), p);
}

template <class T>
void launch(Cpu& device, const contracts::ConvolutionTransposedParameters<T>& p) {
    contracts::check_range(p.geometry);
    if (p.geometry.x_size() > 0) cpu::convolve(device.threads(), p);
}

template <class T>
void launch(Cpu& device, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    contracts::check_range(p.geometry);
    if (p.geometry.x_size() > 0 && p.geometry.y_size() > 0)
        cpu::convolve(device.threads(), p);
    else if (!p.accumulate)
        std::fill_n(p.w, p.geometry.w_size(), T(0));
}

}  // namespace gantry
