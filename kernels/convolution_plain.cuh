#pragma once
#include "activation.cuh"
#include "convolution_operand.cuh"
#include <gantry/contracts/convolution.hpp>

namespace gantry::cuda {

// One thread per element of the result, sums in double: the reference implementations of the three contracts,
// against which the tiled kernels and cuDNN are tested.

/// Position of pixel `number` in images of these extents.
struct Pixel {
    int image, row, column;

    __device__ Pixel(std::size_t number, int rows, int columns)
        : image(static_cast<int>(number / columns / rows)),
          row(static_cast<int>(number / columns % rows)),
          column(static_cast<int>(number % columns)) {}
};

/// Element `index` of an operand.
template <class T>
__device__ double element_at(const T* data, const contracts::ActivationBackward<T>& behind,
                             std::size_t index) {
    return static_cast<double>(load<Pack<T, 1>>(ConvolutionOperand<T>{data, behind} + index).at[0]);
}

/// Index of an element in images of these extents.
__device__ inline std::size_t at(int image, int row, int column, int channel, int rows, int columns,
                                 int channels) {
    return ((std::size_t(image) * rows + row) * columns + column) * channels + channel;
}

/// The first channel of x in the group of channel o of y.
__device__ inline int first_of_group(const contracts::ConvolutionGeometry& g, int o) {
    return o / g.group_out() * g.group_in();
}

template <class T>
__global__ void convolution_plain_kernel(contracts::ConvolutionParameters<T> p, std::size_t size) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const std::size_t number = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (number >= size) return;
    const Pixel y(number / g.out_channels, v.out, h.out);
    const int o = static_cast<int>(number % g.out_channels);
    double sum = p.bias ? static_cast<double>(p.bias[o]) : 0;
    for (int ky = 0; ky < v.size; ++ky)
        for (int kx = 0; kx < h.size; ++kx) {
            const int iy = y.row * v.stride - v.padding + ky * v.dilation;
            const int ix = y.column * h.stride - h.padding + kx * h.dilation;
            if (iy < 0 || iy >= v.in || ix < 0 || ix >= h.in) continue;
            for (int i = 0; i < g.group_in(); ++i)
                sum += element_at(p.x, p.x_activation,
                                  at(y.image, iy, ix, first_of_group(g, o) + i, v.in, h.in, g.in_channels)) *
                       static_cast<double>(p.w[at(ky, kx, i, o, h.size, g.group_in(), g.out_channels)]);
        }
    p.y[number] = activate(p.activation, static_cast<T>(sum));
}

template <class T>
__global__ void convolution_transposed_plain_kernel(contracts::ConvolutionTransposedParameters<T> p,
                                                    std::size_t size) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const std::size_t number = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (number >= size) return;
    const Pixel x(number / g.in_channels, v.in, h.in);
    const int i = static_cast<int>(number % g.in_channels);
    const int first = i / g.group_in() * g.group_out();  // channel of y in its group
    double sum = p.bias ? static_cast<double>(p.bias[i]) : 0;
    for (int ky = 0; ky < v.size; ++ky)
        for (int kx = 0; kx < h.size; ++kx) {
            const int below = x.row + v.padding - ky * v.dilation,
                      right = x.column + h.padding - kx * h.dilation;
            const int oy = below / v.stride, ox = right / h.stride;
            if (below < 0 || below % v.stride != 0 || oy >= v.out) continue;
            if (right < 0 || right % h.stride != 0 || ox >= h.out) continue;
            for (int o = first; o < first + g.group_out(); ++o)
                sum += element_at(p.y, p.y_activation, at(x.image, oy, ox, o, v.out, h.out, g.out_channels)) *
                       static_cast<double>(
                           p.w[at(ky, kx, i % g.group_in(), o, h.size, g.group_in(), g.out_channels)]);
        }
    p.x[number] = activate(p.activation, static_cast<T>(sum));
}

template <class T>
__global__ void convolution_weight_gradient_plain_kernel(contracts::ConvolutionWeightGradientParameters<T> p,
                                                         std::size_t size) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const std::size_t number = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (number >= size) return;
    const int o = static_cast<int>(number % g.out_channels);
    const std::size_t above = number / g.out_channels;
    const int i = first_of_group(g, o) + static_cast<int>(above % g.group_in());
    const int tap = static_cast<int>(above / g.group_in());
    const int ky = tap / h.size, kx = tap % h.size;
    double sum = p.accumulate ? static_cast<double>(p.w[number]) : 0;
    for (int n = 0; n < g.batch; ++n)
        for (int oy = 0; oy < v.out; ++oy)
            for (int ox = 0; ox < h.out; ++ox) {
                const int iy = oy * v.stride - v.padding + ky * v.dilation;
                const int ix = ox * h.stride - h.padding + kx * h.dilation;
                if (iy < 0 || iy >= v.in || ix < 0 || ix >= h.in) continue;
                sum += element_at(p.x, p.x_activation, at(n, iy, ix, i, v.in, h.in, g.in_channels)) *
                       element_at(p.y, p.y_activation, at(n, oy, ox, o, v.out, h.out, g.out_channels));
            }
    p.w[number] = static_cast<T>(sum);
}

template <class P>
void start_plain(Cuda& device, const char* name, void (*kernel)(P, std::size_t), std::size_t size,
                 const P& p) {
    if (size > 0)
        start(device, name, kernel,
              {static_cast<unsigned>(ceil_div<std::size_t>(size, block_threads)), block_threads}, p, size);
}

template <class T>
void convolution_plain(Cuda& device, const contracts::ConvolutionParameters<T>& p) {
    start_plain(device, "convolution_plain", convolution_plain_kernel<T>, p.geometry.y_size(), p);
}
template <class T>
void convolution_plain(Cuda& device, const contracts::ConvolutionTransposedParameters<T>& p) {
    start_plain(device, "convolution_transposed_plain", convolution_transposed_plain_kernel<T>,
                p.geometry.x_size(), p);
}
template <class T>
void convolution_plain(Cuda& device, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    start_plain(device, "convolution_weight_gradient_plain", convolution_weight_gradient_plain_kernel<T>,
                p.geometry.w_size(), p);
}

}  // namespace gantry::cuda
