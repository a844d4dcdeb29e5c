#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/core/error.hpp>

#include <cstddef>

namespace gantry {

/// One axis of a convolution: `out` pixels are computed from `in` pixels by `size` taps each. Output o meets
/// input o stride - padding + k dilation at tap k, where there is such an input.
struct ConvolutionAxis {
    int in = 0, out = 0, size = 1, stride = 1, padding = 0, dilation = 1;

    constexpr bool operator==(const ConvolutionAxis&) const = default;
};

/// What all three products of a convolution have in common. There are three arrays,
///     x (batch, vertical.in, horizontal.in, in_channels)               the larger image, as a rule
///     y (batch, vertical.out, horizontal.out, out_channels)            the smaller one
///     w (vertical.size, horizontal.size, in_channels, out_channels)
/// and one is the result of the two others.
struct ConvolutionGeometry {
    int batch = 0;
    ConvolutionAxis vertical, horizontal;
    int in_channels = 0, out_channels = 0;

    std::size_t x_size() const { return size(batch, vertical.in, horizontal.in, in_channels); }
    std::size_t y_size() const { return size(batch, vertical.out, horizontal.out, out_channels); }
    std::size_t w_size() const { return size(vertical.size, horizontal.size, in_channels, out_channels); }

    constexpr bool operator==(const ConvolutionGeometry&) const = default;

private:
    static std::size_t size(int a, int b, int c, int d) {
        return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) *
               static_cast<std::size_t>(d);
    }
};

/// Kernels count pixels, and the rows and columns of the matrices that they multiply, in int. Errors: a
/// geometry for which they cannot. To be called where a device launches a convolution.
inline void check_range(const ConvolutionGeometry& g) {
    const auto fits = [](int a, int b, int c) { return 1.0 * a * b * c < 0x1p31; };
    const ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    if (!fits(g.batch, v.in, h.in) || !fits(g.batch, v.out, h.out) || !fits(v.in, h.in, g.in_channels) ||
        !fits(v.out, h.out, g.out_channels) || !fits(v.size, h.size, g.in_channels) ||
        !fits(v.size, h.size, g.out_channels))
        fail("convolution",
             "the pixels of a batch, and the numbers of an image and of a window, must be fewer than 2^31: "
             "use a smaller batch or image",
             "images (", g.batch, ", ", v.in, ", ", h.in, ", ", g.in_channels, ") and (", g.batch, ", ",
             v.out, ", ", h.out, ", ", g.out_channels, "), window ", v.size, " x ", h.size);
}

/// An activation that an operand is behind: the operand is a gradient by its outputs, and what enters the
/// product is that by its inputs, each number times the activation's derivative.
template <class T>
struct ActivationBackward {
    const T* outputs = nullptr;  ///< as the operand lies; none: the operand enters as it is
    Activation activation = {};
};

/// Whether a device's convolutions of this geometry take operands behind such an activation. Others must not
/// be given any.
template <class D>
constexpr bool fuses_activation_backward(const D&, const ConvolutionGeometry&, ActivationKind) {
    return false;
}

/// y[n, oy, ox, o] = activation(sum over ky, kx, i of x[n, iy, ix, i] w[ky, kx, i, o] + bias[o]), with
/// (iy, ix) as ConvolutionAxis says.
template <class T>
struct ConvolutionParameters {
    ConvolutionGeometry geometry;
    const T* x = nullptr;
    const T* w = nullptr;
    T* y = nullptr;           ///< overwritten
    const T* bias = nullptr;  ///< (out_channels) or none
    Activation activation = {};
    bool weights_are_constant = false;  ///< as it is, until the step ends or Tape::overwritten: what a device
                                        ///< made of it can be used again
    ActivationBackward<T> x_activation = {};
};

/// The adjoint by x, which is a transposed convolution: x[n, iy, ix, i] = activation(sum over all (oy, ox,
/// ky, kx) that meet (iy, ix), and o, of y[n, oy, ox, o] w[ky, kx, i, o] + bias[i]). An input that no tap
/// meets is activation(bias).
template <class T>
struct ConvolutionTransposedParameters {
    ConvolutionGeometry geometry;
    const T* y = nullptr;
    const T* w = nullptr;
    T* x = nullptr;           ///< overwritten
    const T* bias = nullptr;  ///< (in_channels) or none
    Activation activation = {};
    bool weights_are_constant = false;  ///< as in ConvolutionParameters
    ActivationBackward<T> y_activation = {};
};

/// The adjoint by w: w[ky, kx, i, o] = or += sum over n, oy, ox of x[n, iy, ix, i] y[n, oy, ox, o].
template <class T>
struct ConvolutionWeightGradientParameters {
    ConvolutionGeometry geometry;
    const T* x = nullptr;
    const T* y = nullptr;
    T* w = nullptr;
    bool accumulate = false;  ///< add to what is in w
    ActivationBackward<T> x_activation = {}, y_activation = {};
};

}  // namespace gantry
