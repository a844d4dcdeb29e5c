#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/convolution_product.hpp>
#include <gantry/cuda/device.hpp>
#include <gantry/ops/activation.hpp>

#include <algorithm>

namespace gantry {

namespace cuda {
// Selects the kernel for a convolution. If the window covers the whole image or a single pixel, the
// convolution is a matrix product (matmul.cuh). Depthwise ones have kernels (convolution_depthwise.cuh). Of
// the others, wide ones without groups use cuDNN, the rest the tiled kernels of kernels/convolution.cuh.
//
// The threshold for "wide" is an estimate, made without a GPU; bench/gpu/calibrate.cpp measures its cost and
// the best threshold. As for matrix products, assume 45 % of an H100's peak for the tiled kernels and at most
// 85 % for cuDNN. cuDNN needs two more passes, and its exact engines for channels-last images copy them to
// another layout and back (hence their workspace): about 15 us including launches, which break even at 1e9
// floating-point operations, 2^30. With fewer than 32 channels on either side cuDNN's tiles are mostly empty.
// The tiled kernels also compute empty batches, tensors that are not aligned to 16 bytes, and geometries for
// which cuDNN has no engine that CudaOptions allows.

/// Floating-point operations of a convolution, 2 per multiply-add.
inline double operations(const contracts::ConvolutionGeometry& g) {
    return 2.0 * static_cast<double>(g.y_size()) * g.vertical.size * g.horizontal.size * g.group_in();
}
/// Channels and operations from which cuDNN computes a convolution.
inline constexpr int wide_channels = 32;
inline constexpr double wide_operations = 0x1p30;
/// True if cuDNN computes the convolution. Groups have kernels of gantry's: with few channels each, cuDNN's
/// tiles would be mostly empty.
inline bool wide(const contracts::ConvolutionGeometry& g) {
    return g.groups == 1 && std::min(g.in_channels, g.out_channels) >= wide_channels &&
           operations(g) >= wide_operations;
}
}  // namespace cuda

namespace contracts {
/// Only the tiled and the depthwise kernels fuse it.
inline bool fuses_activation_backward(const Cuda&, const ConvolutionGeometry& g, ActivationKind kind) {
    return !plain_product(g) && !cuda::wide(g) && ops::fuses_into_backward(kind);
}
}  // namespace contracts

}  // namespace gantry
