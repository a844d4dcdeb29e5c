#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/host_device.hpp>

#include <cstddef>

namespace gantry::contracts {

/// One axis of a convolution: `out` pixels are computed from `in` pixels with `size` taps each. Output o
/// reads input o stride - padding + k dilation at tap k; taps outside of the image are skipped.
struct ConvolutionAxis {
    int in = 0, out = 0, size = 1, stride = 1, padding = 0, dilation = 1;

    constexpr bool operator==(const ConvolutionAxis&) const = default;
};

/// Geometry shared by the three products of a convolution (forward, data gradient, weight gradient). There
/// are three arrays, and each product computes one from the other two:
///     x (batch, vertical.in, horizontal.in, in_channels)               usually the larger image
///     y (batch, vertical.out, horizontal.out, out_channels)            usually the smaller image
///     w (vertical.size, horizontal.size, in_channels / groups, out_channels)
/// The channels of x and of y are split into `groups` equal ranges, and group k of y is computed from group k
/// of x. As many groups as input channels: a depthwise convolution.
struct ConvolutionGeometry {
    int batch = 0;
    ConvolutionAxis vertical, horizontal;
    int in_channels = 0, out_channels = 0;
    int groups = 1;  ///< divides in_channels and out_channels

    /// Channels of a group.
    GANTRY_HOST_DEVICE int group_in() const { return in_channels / groups; }
    GANTRY_HOST_DEVICE int group_out() const { return out_channels / groups; }
    /// True if each channel is convolved by itself. (Several outputs per input channel are groups like
    /// others.)
    bool is_depthwise() const { return groups > 1 && groups == in_channels && groups == out_channels; }
    /// The ungrouped convolution that one group is.
    ConvolutionGeometry one_group() const { return {batch, vertical, horizontal, group_in(), group_out()}; }

    /// Number of elements of x, y and w.
    std::size_t x_size() const { return size(batch, vertical.in, horizontal.in, in_channels); }
    std::size_t y_size() const { return size(batch, vertical.out, horizontal.out, out_channels); }
    std::size_t w_size() const { return size(vertical.size, horizontal.size, group_in(), out_channels); }

    constexpr bool operator==(const ConvolutionGeometry&) const = default;

private:
    static std::size_t size(int a, int b, int c, int d) {
        return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) *
               static_cast<std::size_t>(d);
    }
};

/// Checks that the pixel counts and the extents of the implied matrices fit an int, as kernels require.
/// Devices call it before they launch a convolution. Errors: they do not fit.
inline void check_range(const ConvolutionGeometry& g) {
    const auto fits = [](int a, int b, int c) { return 1.0 * a * b * c < 0x1p31; };
    const ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    if (!fits(g.batch, v.in, h.in) || !fits(g.batch, v.out, h.out) || !fits(v.in, h.in, g.in_channels) ||
        !fits(v.out, h.out, g.out_channels) || !fits(v.size, h.size, g.in_channels) ||
        !fits(v.size, h.size, g.out_channels))
        fail("convolution",
             "a batch must have fewer than 2^31 pixels, and an image and a window fewer than 2^31 elements: "
             "use a smaller batch or image",
             "images (", g.batch, ", ", v.in, ", ", h.in, ", ", g.in_channels, ") and (", g.batch, ", ",
             v.out, ", ", h.out, ", ", g.out_channels, "), window ", v.size, " x ", h.size);
}

/// Fused activation backward: the operand is dL/dy of y = f(z); the kernel multiplies it by f'(z) as it loads
/// it. `outputs` holds y.
template <class T>
struct ActivationBackward {
    const T* outputs = nullptr;  ///< y, laid out like the operand; null: the operand is used unchanged
    Activation activation = {};
};

/// True if the device's convolutions of this geometry support ActivationBackward with this activation. If
/// false, operands must have no ActivationBackward. Devices overload it.
template <class D>
constexpr bool fuses_activation_backward(const D&, const ConvolutionGeometry&, ActivationKind) {
    return false;
}

/// Convolution:
///   y[n, oy, ox, o] = activation(sum over ky, kx, i of x[n, iy, ix, g(o) + i] w[ky, kx, i, o] + bias[o])
/// with (iy, ix) from ConvolutionAxis, 0 <= i < group_in(), and g(o), the first channel of x in the group of
/// channel o of y: o / group_out() * group_in(), so 0 without groups. Scalars of the three contracts: see
/// Scalars.
template <class T, class Sum = T, class Parameter = T>
struct ConvolutionParameters {
    ConvolutionGeometry geometry;
    const T* x = nullptr;
    const T* w = nullptr;
    T* y = nullptr;                   ///< overwritten
    const Parameter* bias = nullptr;  ///< (out_channels); null: none
    Activation activation = {};
    /// w does not change until the step ends or Tape::overwritten is called, so the device may cache a
    /// transformed copy.
    bool weights_are_constant = false;
    ActivationBackward<T> x_activation = {};
};

/// Transposed convolution, the adjoint with respect to x:
///   x[n, iy, ix, g(o) + i] = activation(sum of y[n, oy, ox, o] w[ky, kx, i, o] + bias[g(o) + i])
/// summed over the channels o of a group and all (oy, ox, ky, kx) that read (iy, ix). A pixel that no tap
/// reads is activation(bias).
template <class T, class Sum = T, class Parameter = T>
struct ConvolutionTransposedParameters {
    ConvolutionGeometry geometry;
    const T* y = nullptr;
    const T* w = nullptr;
    T* x = nullptr;                   ///< overwritten
    const Parameter* bias = nullptr;  ///< (in_channels); null: none
    Activation activation = {};
    bool weights_are_constant = false;  ///< as in ConvolutionParameters
    ActivationBackward<T> y_activation = {};
};

/// Weight gradient, the adjoint with respect to w:
///   w[ky, kx, i, o] = (or +=) sum over n, oy, ox of x[n, iy, ix, g(o) + i] y[n, oy, ox, o]
template <class T, class Sum = T>
struct ConvolutionWeightGradientParameters {
    ConvolutionGeometry geometry;
    const T* x = nullptr;
    const T* y = nullptr;
    T* w = nullptr;  ///< overwritten or, with accumulate, added to
    bool accumulate = false;
    ActivationBackward<T> x_activation = {}, y_activation = {};
};

}  // namespace gantry::contracts
