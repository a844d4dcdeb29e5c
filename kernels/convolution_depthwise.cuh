#pragma once
// Depthwise convolutions: each channel by itself. They read little and compute little per element, so there
// is no shared memory for operands: the caches serve the taps that neighbouring threads share.
#include "convolution_operand.cuh"
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/reduce.hpp>
#include <gantry/cuda/launch.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cuda {

/// The source pixel that pixel r of the result meets at tap k, on one axis; -1 if there is none.
template <bool transposed>
__device__ int source_pixel(const contracts::ConvolutionAxis& a, int r, int k) {
    if constexpr (transposed) {
        const int at = r + a.padding - k * a.dilation;
        return at >= 0 && at % a.stride == 0 && at / a.stride < a.out ? at / a.stride : -1;
    } else {
        const int pixel = r * a.stride - a.padding + k * a.dilation;
        return pixel < a.in ? pixel : -1;
    }
}

/// Adds to `sum` the products of the taps with the source pixels that a pixel of the result meets.
template <bool transposed, class P, class T>
__device__ P add_taps(const contracts::ConvolutionGeometry& g, const PixelChannel& at,
                      const ConvolutionOperand<T>& source, const T* w, P sum) {
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const int height = transposed ? v.out : v.in, width = transposed ? h.out : h.in;
    const auto channels = static_cast<std::size_t>(g.out_channels);
    for (int ky = 0; ky < v.size; ++ky) {
        const int y = source_pixel<transposed>(v, at.row, ky);
        if (y < 0) continue;
        for (int kx = 0; kx < h.size; ++kx) {
            const int x = source_pixel<transposed>(h, at.column, kx);
            if (x < 0) continue;
            const std::size_t pixel = (at.image * height + y) * width + x;
            const P term = load<P>(source + (pixel * channels + at.channel));
            const P factor = load<P>(w + static_cast<std::size_t>(ky * h.size + kx) * channels + at.channel);
            for (int k = 0; k < P::width; ++k) sum.at[k] += term.at[k] * factor.at[k];
        }
    }
    return sum;
}

/// Forward or transposed: result = activation(sums + bias).
template <int pack, bool transposed, class T>
__global__ void depthwise_sum(contracts::ConvolutionGeometry g, std::size_t size,
                              ConvolutionOperand<T> source, const T* w, T* result, const T* bias,
                              contracts::Activation activation) {
    const int height = transposed ? g.vertical.in : g.vertical.out,
              width = transposed ? g.horizontal.in : g.horizontal.out;
    for_each_pack<pack>(size, [&](std::size_t i, auto wide) {
        using P = Pack<T, decltype(wide)::value>;
        const PixelChannel at(i, height, width, static_cast<std::size_t>(g.out_channels));
        P sum{};
        if (bias) sum = load<P>(bias + at.channel);
        sum = add_taps<transposed>(g, at, source, w, sum);
        for (T& number : sum.at) number = activate(activation, number);
        store(result + i, sum);
    });
}

template <bool transposed, class T>
void convolution_depthwise(Cuda& device, const contracts::ConvolutionGeometry& g,
                           const ConvolutionOperand<T>& source, const T* w, T* result, const T* bias,
                           const contracts::Activation& activation) {
    const std::size_t size = transposed ? g.x_size() : g.y_size();
    if (size == 0) return;
    const bool packs = g.out_channels % pack_width<T> == 0 &&
                       aligned(source.data, source.behind.outputs, w, static_cast<const T*>(result), bias);
    with_width<T>(packs, [&](auto pack) {
        start(device, "depthwise_sum", depthwise_sum<decltype(pack)::value, transposed, T>,
              grid_for(size / pack), g, size, source, w, result, bias, activation);
    });
}

template <class T>
void convolution_depthwise(Cuda& device, const contracts::ConvolutionParameters<T>& p) {
    convolution_depthwise<false>(device, p.geometry, ConvolutionOperand<T>{p.x, p.x_activation}, p.w, p.y,
                                 p.bias, p.activation);
}
template <class T>
void convolution_depthwise(Cuda& device, const contracts::ConvolutionTransposedParameters<T>& p) {
    convolution_depthwise<true>(device, p.geometry, ConvolutionOperand<T>{p.y, p.y_activation}, p.w, p.x,
                                p.bias, p.activation);
}

/// Channels and pixels that a block of the weight gradient handles at a time.
inline constexpr unsigned depthwise_channels = 32, depthwise_pixels = 8;

/// sums[part, tap, c] = sum of x y over a part of the pixels of y. The grid is (blocks of channels, taps,
/// parts).
template <class T>
__global__ void depthwise_weight_gradient(contracts::ConvolutionGeometry g, ConvolutionOperand<T> x,
                                          ConvolutionOperand<T> y, T* sums, bool accumulate) {
    __shared__ double of_threads[depthwise_pixels][depthwise_channels];
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const auto channels = static_cast<std::size_t>(g.out_channels);
    const std::size_t channel = std::size_t{blockIdx.x} * depthwise_channels + threadIdx.x;
    const std::size_t pixels = std::size_t(g.batch) * v.out * h.out,
                      length = ceil_div<std::size_t>(pixels, gridDim.z);
    const std::size_t first = std::size_t{blockIdx.z} * length, last = min(first + length, pixels);
    const int ky = static_cast<int>(blockIdx.y) / h.size, kx = static_cast<int>(blockIdx.y) % h.size;
    T sum = 0;
    for (std::size_t pixel = first + threadIdx.y; channel < channels && pixel < last;
         pixel += depthwise_pixels) {
        const PixelChannel at(pixel * channels, v.out, h.out, channels);
        const int row = source_pixel<false>(v, at.row, ky), column = source_pixel<false>(h, at.column, kx);
        if (row < 0 || column < 0) continue;
        using P = Pack<T, 1>;
        const std::size_t from = (at.image * v.in + row) * h.in + column;
        sum +=
            load<P>(x + (from * channels + channel)).at[0] * load<P>(y + (pixel * channels + channel)).at[0];
    }
    of_threads[threadIdx.y][threadIdx.x] = static_cast<double>(sum);
    __syncthreads();
    if (threadIdx.y != 0 || channel >= channels) return;
    double total = 0;
    for (unsigned k = 0; k < depthwise_pixels; ++k) total += of_threads[k][threadIdx.x];
    T& to = sums[(std::size_t{blockIdx.z} * gridDim.y + blockIdx.y) * channels + channel];
    to = accumulate ? to + static_cast<T>(total) : static_cast<T>(total);
}

/// Parts of the pixels are summed by one launch, and the parts by another, in order. A thread adds up 64
/// pixels, or more if there are 128 parts.
template <class T>
void convolution_depthwise(Cuda& device, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    const std::size_t size = g.w_size();
    if (size == 0) return;
    const auto channels = static_cast<unsigned>(g.out_channels),
               taps = static_cast<unsigned>(g.vertical.size * g.horizontal.size);
    const std::size_t parts =
        std::clamp<std::size_t>(g.y_size() / channels / (std::size_t{64} * depthwise_pixels), 1, 128);
    T* const sums = parts == 1 ? p.w : static_cast<T*>(device.arena().allocate(parts * size * sizeof(T)));
    start(device, "depthwise_weight_gradient", depthwise_weight_gradient<T>,
          {{ceil_div(channels, depthwise_channels), taps, static_cast<unsigned>(parts)},
           {depthwise_channels, depthwise_pixels}},
          g, ConvolutionOperand<T>{p.x, p.x_activation}, ConvolutionOperand<T>{p.y, p.y_activation}, sums,
          parts == 1 && p.accumulate);
    if (parts > 1)
        launch(device, contracts::SumParameters<T>{
                           .rows = parts, .columns = size, .x = sums, .y = p.w, .accumulate = p.accumulate});
}

}  // namespace gantry::cuda
