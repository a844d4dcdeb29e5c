#pragma once
#include <gantry/core/compiler.hpp>

namespace gantry {

namespace core {
/// One value per image axis: `2` for both, or `{1, 2}` for vertical and horizontal.
struct PerAxis {
    int vertical, horizontal;  ///< along the height; along the width

    /// The same value for both axes.
    constexpr PerAxis(int both) : vertical(both), horizontal(both) {}  // NOLINT: implicit by design
    /// A value for each axis.
    constexpr PerAxis(int vertical_number, int horizontal_number)
        : vertical(vertical_number), horizontal(horizontal_number) {}
    constexpr bool operator==(const PerAxis&) const = default;
};
/// Number of window positions along `in` pixels: floor((in + 2 padding - span) / stride) + 1; 0 if the window
/// does not fit.
constexpr int window_places(int in, int span, int stride, int padding) {
    return in + 2 * padding < span ? 0 : (in + 2 * padding - span) / stride + 1;
}
}  // namespace core

/// Options of a convolution, in PyTorch's conventions: `Conv2dOptions{.size = 4, .stride = 2, .padding = 1}`.
struct Conv2dOptions {
    core::PerAxis size = 0;      ///< of the window, in pixels; required
    core::PerAxis stride = 1;    ///< distance between neighbouring windows
    core::PerAxis padding = 0;   ///< rows and columns of zeros on each side of the image
    core::PerAxis dilation = 1;  ///< distance between neighbouring taps of the window
    /// Transposed convolutions only: extra pixels at the end of each axis; smaller than the stride or the
    /// dilation.
    core::PerAxis output_padding = 0;
    /// Input and output channels are split into this many groups; an output sees the inputs of its group
    /// only. As many as input channels: a depthwise convolution.
    int groups = 1;
    bool bias = true;  ///< layers only: add a learnable bias per output channel

    /// Pixels that the dilated window covers: dilation (size - 1) + 1.
    constexpr core::PerAxis span() const {
        return {dilation.vertical * (size.vertical - 1) + 1, dilation.horizontal * (size.horizontal - 1) + 1};
    }
    /// Output extents of conv2d for input extents `in`; 0 where the window is larger than the padded image.
    constexpr core::PerAxis output(core::PerAxis in) const {
        return {core::window_places(in.vertical, span().vertical, stride.vertical, padding.vertical),
                core::window_places(in.horizontal, span().horizontal, stride.horizontal, padding.horizontal)};
    }
    /// Output extents of conv_transpose2d for input extents `in`; not positive if the padding removes
    /// everything.
    constexpr core::PerAxis transposed_output(core::PerAxis in) const {
        return {(in.vertical - 1) * stride.vertical - 2 * padding.vertical + span().vertical +
                    output_padding.vertical,
                (in.horizontal - 1) * stride.horizontal - 2 * padding.horizontal + span().horizontal +
                    output_padding.horizontal};
    }
    /// True if all options are in range.
    constexpr bool valid() const {
        const auto axis = [](int taps, int step, int zeros, int distance, int more) {
            return taps > 0 && step > 0 && zeros >= 0 && distance > 0 && more >= 0 &&
                   (more == 0 || more < step || more < distance);
        };
        return groups > 0 &&
               axis(size.vertical, stride.vertical, padding.vertical, dilation.vertical,
                    output_padding.vertical) &&
               axis(size.horizontal, stride.horizontal, padding.horizontal, dilation.horizontal,
                    output_padding.horizontal);
    }
};

/// Options of a pooling, in PyTorch's conventions: `Pool2dOptions{.size = 2}` halves the height and width.
struct Pool2dOptions {
    core::PerAxis size = 0;       ///< of the window, in pixels; required
    core::PerAxis stride = size;  ///< distance between neighbouring windows
    core::PerAxis padding = 0;    ///< rows and columns on each side of the image, at most half of the size
};

}  // namespace gantry
