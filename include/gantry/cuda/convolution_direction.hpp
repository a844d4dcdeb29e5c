#pragma once
#include <gantry/contracts/convolution.hpp>

#include <string>

namespace gantry::cuda {

/// The three computations of a convolution, by cuDNN's names.
enum class ConvolutionDirection { forward, backward_data, backward_filter };

/// The direction that a set of parameters computes. A transposed convolution is the backward-data
/// computation.
template <class T>
constexpr ConvolutionDirection direction_of(const contracts::ConvolutionParameters<T>&) {
    return ConvolutionDirection::forward;
}
template <class T>
constexpr ConvolutionDirection direction_of(const contracts::ConvolutionTransposedParameters<T>&) {
    return ConvolutionDirection::backward_data;
}
template <class T>
constexpr ConvolutionDirection direction_of(const contracts::ConvolutionWeightGradientParameters<T>&) {
    return ConvolutionDirection::backward_filter;
}

/// Describes a convolution for the log: "convolution 64 x 16x16x32 -> 8x8x64, window 4x4, stride 2x2, padding
/// 1x1, dilation 1x1, forward" gives the batch, and (row, column, channel) of x and y.
inline std::string describe(const contracts::ConvolutionGeometry& g, ConvolutionDirection direction) {
    const auto pair = [](int vertical, int horizontal) {
        return std::to_string(vertical) + "x" + std::to_string(horizontal);
    };
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    constexpr const char* names[] = {"forward", "backward data", "backward filter"};
    return "convolution " + std::to_string(g.batch) + " x " + pair(v.in, h.in) + "x" +
           std::to_string(g.in_channels) + " -> " + pair(v.out, h.out) + "x" +
           std::to_string(g.out_channels) + ", window " + pair(v.size, h.size) + ", stride " +
           pair(v.stride, h.stride) + ", padding " + pair(v.padding, h.padding) + ", dilation " +
           pair(v.dilation, h.dilation) + (g.groups == 1 ? "" : ", " + std::to_string(g.groups) + " groups") +
           ", " + names[static_cast<int>(direction)];
}

}  // namespace gantry::cuda
