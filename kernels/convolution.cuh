#pragma once
// Convolutions in their three directions: a ladder of three, and the rule which of them is used.
//
//     convolution_plain    one thread, one element: the reference, never chosen
//     convolution_tiled    implicit products, all in one pass: few channels, small batches, what cuDNN can't
//     convolution_cudnn    cuDNN, with passes for weights, bias and activation: wide layers
//
// Which of them is used: gantry/cuda/convolution_rule.hpp.
#include "bias_activation.cuh"
#include "convolution_cudnn.cuh"
#include "convolution_plain.cuh"
#include "convolution_tiled.cuh"
#include "convolution_weight_gradient.cuh"
#include <gantry/cuda/convolution_direction.hpp>
#include <gantry/cuda/convolution_rule.hpp>
#include <gantry/cuda/launch.hpp>

namespace gantry {

namespace cuda {

template <class P>
void convolve(Cuda& device, const P& p) {
    if (wide(p.geometry)) {
        if (convolution_cudnn(device, p)) return;
    } else {
        device.log()([&] { return describe(p.geometry, direction_of(p)) + ": tiled"; });
    }
    convolution_tiled(device, p);
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
