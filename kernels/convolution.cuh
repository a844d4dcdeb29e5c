#pragma once
// clang-format off
// Convolutions in their three directions. There are four variants:
//
//     convolution_plain        one thread per element: the reference, never chosen
//     convolution_tiled        implicit GEMM, fused epilogue: few channels, small batches, groups, what cuDNN lacks
//     convolution_depthwise    one thread per pixel and pack of channels
//     convolution_cudnn        cuDNN, with separate kernels for weights, bias and activation: wide layers
// clang-format on
//
// gantry/cuda/convolution_rule.hpp chooses between them.
#include "bias_activation.cuh"
#include "convolution_cudnn.cuh"
#include "convolution_depthwise.cuh"
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
    if (p.geometry.is_depthwise()) {
        device.log()([&] { return describe(p.geometry, direction_of(p)) + ": depthwise"; });
        return convolution_depthwise(device, p);
    }
    if (wide(p.geometry)) {
        if (convolution_cudnn(device, p)) return;
    } else {
        device.log()([&] { return describe(p.geometry, direction_of(p)) + ": tiled"; });
    }
    convolution_tiled(device, p);
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::ConvolutionParameters<T>& p) {
    contracts::check_range(p.geometry);
    if (const auto product = as_product(p))
        launch(device, *product);
    else
        cuda::convolve(device, p);
}

template <class T>
void launch(Cuda& device, const contracts::ConvolutionTransposedParameters<T>& p) {
    contracts::check_range(p.geometry);
    const auto product = as_product(p);
    if (!product) return cuda::convolve(device, p);
    launch(device, *product);
    if (p.bias && !product->bias) {
        const int in = p.geometry.in_channels;
        cuda::add_bias_and_activate(device, p.x, p.geometry.x_size() / in, in, p.bias, p.activation);
    }
}

template <class T>
void launch(Cuda& device, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    contracts::check_range(p.geometry);
    if (const auto product = as_product(p))
        launch(device, *product);
    else
        cuda::convolve(device, p);
}

}  // namespace gantry
