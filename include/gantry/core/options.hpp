#pragma once
#include <gantry/core/compiler.hpp>

namespace gantry {

/// A number for each axis of an image: `2` for both, or `{1, 2}` for vertical and horizontal.
struct PerAxis {
    int vertical, horizontal;

    constexpr PerAxis(int both) : vertical(both), horizontal(both) {}  // NOLINT: meant to convert
    constexpr PerAxis(int vertical_number, int horizontal_number)
        : vertical(vertical_number), horizontal(horizontal_number) {}
    constexpr bool operator==(const PerAxis&) const = default;
};

namespace detail {
/// How many places a window has along `in` pixels; 0 where it is longer than they are with their padding.
constexpr int window_places(int in, int span, int stride, int padding) {
    return in + 2 * padding < span ? 0 : (in + 2 * padding - span) / stride + 1;
}
}  // namespace detail

/// The window of a convolution, in PyTorch's conventions: `Conv2dOptions{.size = 4, .stride = 2, .padding =
/// 1}`.
struct Conv2dOptions {
    PerAxis size = 0;  ///< must be given
    PerAxis stride = 1;
    PerAxis padding = 0;   ///< zeros around the image, on each side
    PerAxis dilation = 1;  ///< distance between neighbouring taps
    PerAxis output_padding =
        0;             ///< of a transposed convolution: pixels more at the end, less than the stride
    bool bias = true;  ///< of a layer: add a number for each output channel

    /// Pixels from its first tap to its last.
    constexpr PerAxis span() const {
        return {dilation.vertical * (size.vertical - 1) + 1, dilation.horizontal * (size.horizontal - 1) + 1};
    }
    /// Extents of conv2d's result for an image of these extents; 0 where the window is larger than the image.
    constexpr PerAxis convolved(PerAxis in) const {
        return {
            detail::window_places(in.vertical, span().vertical, stride.vertical, padding.vertical),
            detail::window_places(in.horizontal, span().horizontal, stride.horizontal, padding.horizontal)};
    }
    /// Extents of conv_transpose2d's result; not positive where the padding leaves nothing.
    constexpr PerAxis convolved_back(PerAxis in) const {
        return {(in.vertical - 1) * stride.vertical - 2 * padding.vertical + span().vertical +
                    output_padding.vertical,
                (in.horizontal - 1) * stride.horizontal - 2 * padding.horizontal + span().horizontal +
                    output_padding.horizontal};
    }
    /// Whether its numbers make sense together.
    constexpr bool valid() const {
        const auto axis = [](int taps, int step, int zeros, int distance, int more) {
            return taps > 0 && step > 0 && zeros >= 0 && distance > 0 && more >= 0 &&
                   (more == 0 || more < step || more < distance);
        };
        return axis(size.vertical, stride.vertical, padding.vertical, dilation.vertical,
                    output_padding.vertical) &&
               axis(size.horizontal, stride.horizontal, padding.horizontal, dilation.horizontal,
                    output_padding.horizontal);
    }
};

/// The window of a pooling layer, in PyTorch's conventions: `Pooling{.size = 2}` halves an image.
struct Pooling {
    PerAxis size = 0;  ///< must be given
    PerAxis stride = size;
    PerAxis padding = 0;
};

}  // namespace gantry
