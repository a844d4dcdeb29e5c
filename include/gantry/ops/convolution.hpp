#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/core/options.hpp>
#include <gantry/core/scalars.hpp>
#include <gantry/ops/epilogue.hpp>

#include <string_view>

namespace gantry {

namespace ops {
// clang-format off
// Three ops; the derivatives of each are the other two. With x and y images and w weights, named as in
// ConvolutionGeometry:
//
//   conv2d                    y = cross-correlation of x and w
//   conv_transpose2d          x = transposed convolution of y and w, the adjoint of conv2d with respect to x
//   conv2d_weight_gradient    w = weight gradient from x and y, the adjoint of conv2d with respect to w
//
// The backward pass of a convolution with an activation f first multiplies the upstream gradient by f'. Some
// devices fuse this into the convolutions of the backward pass; their ops carry an ActivationBackward then.
// clang-format on

template <contracts::ActivationKind kind, class Sum>
struct ConvTranspose2dOp;
template <class Sum>
struct Conv2dWeightGradientOp;

/// ActivationBackward in an op, which does not know the scalar type.
struct OpActivationBackward {
    const void* outputs = nullptr;
    contracts::Activation activation = {};

    template <class T>
    operator contracts::ActivationBackward<T>() const {  // NOLINT: implicit by design
        return {static_cast<const T*>(outputs), activation};
    }
};

/// A gradient with the activation backward that is still to be applied to it.
template <class V>
struct ActivationGradientOperand {
    V gradient;
    OpActivationBackward activation;
};
/// Prepares the upstream gradient of a convolution with result y: defers the activation backward to the
/// kernels if the device supports it, else applies it now. It is always applied now if the bias requires a
/// gradient, which sums the result, and in recorded passes, whose ops must be differentiable.
template <contracts::ActivationKind kind, class V, class... Bias>
ActivationGradientOperand<V> pass_activation(const contracts::ConvolutionGeometry& geometry, double parameter,
                                             const V& upstream, const V& y, const Bias&... bias) {
    if (kind != contracts::ActivationKind::identity && fuses_activation_backward(*y.device, geometry, kind) &&
        !y.device->tape().recording() && !(requires_grad(bias) || ...))
        return {upstream, {y.data, {kind, parameter}}};
    return {pre_activation<kind>(parameter, upstream, y), {}};
}

/// y = f(conv2d(x, w) + bias); the bias is optional. f: a fused activation, or identity.
template <contracts::ActivationKind kind, class Sum>
struct Conv2dOp {
    static constexpr std::string_view name = "conv2d";
    contracts::ConvolutionGeometry geometry;
    double parameter = 0;                    ///< of the activation
    OpActivationBackward x_activation = {};  ///< only in passes that are not recorded

    template <class V, class... Bias>
    void forward(const V& y, bool, const V& x, const V& w, const Bias&... bias) const {
        contracts::ConvolutionParameters<typename V::scalar, Sum> p;
        p.geometry = geometry;
        p.x = x.data;
        p.w = w.data;
        p.y = y.data;
        p.weights_are_constant = true;
        p.x_activation = x_activation;
        set_epilogue(p, {kind, parameter}, bias...);
        launch(*y.device, p);
    }
    template <class V, class... Bias>
    void vjp(const V& upstream, const V& y, const V& x, const V& w, const Bias&... bias) const;
};

/// x = f(conv_transpose2d(y, w) + bias); the bias is optional. f: a fused activation, or identity.
template <contracts::ActivationKind kind, class Sum>
struct ConvTranspose2dOp {
    static constexpr std::string_view name = "conv_transpose2d";
    contracts::ConvolutionGeometry geometry;
    double parameter = 0;
    OpActivationBackward y_activation = {};

    template <class V, class... Bias>
    void forward(const V& x, bool, const V& y, const V& w, const Bias&... bias) const {
        contracts::ConvolutionTransposedParameters<typename V::scalar, Sum> p;
        p.geometry = geometry;
        p.y = y.data;
        p.w = w.data;
        p.x = x.data;
        p.weights_are_constant = true;
        p.y_activation = y_activation;
        set_epilogue(p, {kind, parameter}, bias...);
        launch(*x.device, p);
    }
    template <class V, class... Bias>
    void vjp(const V& upstream, const V& x, const V& y, const V& w, const Bias&... bias) const;
};

/// w = sum over the batch and all pixels of the products of x and y that meet at each tap.
template <class Sum>
struct Conv2dWeightGradientOp {
    static constexpr std::string_view name = "conv2d_weight_gradient";
    contracts::ConvolutionGeometry geometry;
    OpActivationBackward x_activation = {}, y_activation = {};

    template <class V>
    void forward(const V& w, bool accumulate, const V& x, const V& y) const {
        launch(*w.device, contracts::ConvolutionWeightGradientParameters<typename V::scalar, Sum>{
                              geometry, x.data, y.data, w.data, accumulate, x_activation, y_activation});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x, const V& y) const {
        accumulate_grad(x, [&] {
            return run_op(ConvTranspose2dOp<contracts::ActivationKind::identity, Sum>{geometry}, x.extents,
                          {}, y, upstream);
        });
        accumulate_grad(y, [&] {
            return run_op(Conv2dOp<contracts::ActivationKind::identity, Sum>{geometry}, y.extents, {}, x,
                          upstream);
        });
    }
};

template <contracts::ActivationKind kind, class Sum>
template <class V, class... Bias>
void Conv2dOp<kind, Sum>::vjp(const V& upstream, const V& y, const V& x, const V& w,
                              const Bias&... bias) const {
    const auto inner = pass_activation<kind>(geometry, parameter, upstream, y, bias...);
    accumulate_grad(x, [&] {
        return run_op(
            ConvTranspose2dOp<contracts::ActivationKind::identity, Sum>{geometry, 0, inner.activation},
            x.extents, {}, inner.gradient, w);
    });
    accumulate_grad(w, [&](Destination<typename V::scalar> into) {
        return run_op(Conv2dWeightGradientOp<Sum>{geometry, {}, inner.activation}, w.extents, into, x,
                      inner.gradient);
    });
    (accumulate_bias_grad<Sum>(bias, inner.gradient), ...);
}

template <contracts::ActivationKind kind, class Sum>
template <class V, class... Bias>
void ConvTranspose2dOp<kind, Sum>::vjp(const V& upstream, const V& x, const V& y, const V& w,
                                       const Bias&... bias) const {
    const auto inner = pass_activation<kind>(geometry, parameter, upstream, x, bias...);
    accumulate_grad(y, [&] {
        return run_op(Conv2dOp<contracts::ActivationKind::identity, Sum>{geometry, 0, inner.activation},
                      y.extents, {}, inner.gradient, w);
    });
    accumulate_grad(w, [&](Destination<typename V::scalar> into) {
        return run_op(Conv2dWeightGradientOp<Sum>{geometry, inner.activation, {}}, w.extents, into,
                      inner.gradient, y);
    });
    (accumulate_bias_grad<Sum>(bias, inner.gradient), ...);
}

// Shape rules. Each is a struct, so that the compiler shows its arguments in the error message.

/// Height, width and channels of an image shape; fails to compile for other shapes.
template <class X>
struct ImageOf {
    static_assert(X::rank == 4 && X::batched,
                  "gantry: a convolution takes images: Shape<Batch, height, width, channels>");
};
template <int H, int W, int C>
struct ImageOf<Shape<Batch, H, W, C>> {
    static constexpr int height = H, width = W, channels = C;
};

/// True for Shape<Batch, height, width, channels>.
template <class X>
inline constexpr bool is_image = false;
template <int H, int W, int C>
inline constexpr bool is_image<Shape<Batch, H, W, C>> = true;
}  // namespace ops

namespace diagnosis {
template <int image_channels, int weight_channels>
struct ConvolutionChannelsFit {
    static_assert(
        image_channels == weight_channels,
        "gantry: the weights and the image of a convolution must have the same number of input channels");
};
template <int image_with_padding, int window>
struct WindowFits {
    static_assert(image_with_padding >= window,
                  "gantry: the window of a convolution is larger than the padded image");
};
template <int in_channels, int out_channels, int groups>
struct GroupsDivideChannels {
    static_assert(
        groups > 0 && in_channels % groups == 0 && out_channels % groups == 0,
        "gantry: the groups of a convolution must divide its input channels and its output channels");
};
template <int extent>
struct TransposedExtentFits {
    static_assert(extent > 0, "gantry: the padding of a transposed convolution leaves no output pixels");
};
template <class W, int height, int width>
struct WeightsFitWindow {
    static_assert(W::extents(0).of[0] == height && W::extents(0).of[1] == width,
                  "gantry: the weights of a convolution must be Shape<window height, window width, channels "
                  "of the larger image / groups, channels of the smaller image>");
};
}  // namespace diagnosis

namespace ops {
/// The geometry of a convolution from the run-time shapes of x and y.
constexpr contracts::ConvolutionGeometry convolution_geometry(const Conv2dOptions& window,
                                                              const core::Extents& x,
                                                              const core::Extents& y) {
    return {x.of[0],
            {x.of[1], y.of[1], window.size.vertical, window.stride.vertical, window.padding.vertical,
             window.dilation.vertical},
            {x.of[2], y.of[2], window.size.horizontal, window.stride.horizontal, window.padding.horizontal,
             window.dilation.horizontal},
            x.of[3],
            y.of[3],
            window.groups};
}

/// The result shape of conv2d for images X and `channels` output channels.
template <Conv2dOptions window, class X, int channels>
struct Convolved {
    using Image = ImageOf<X>;
    static constexpr core::PerAxis span = window.span();
    static_assert(sizeof(diagnosis::WindowFits<Image::height + 2 * window.padding.vertical, span.vertical>) >
                  0);
    static_assert(
        sizeof(diagnosis::WindowFits<Image::width + 2 * window.padding.horizontal, span.horizontal>) > 0);
    static constexpr core::PerAxis size = window.output({Image::height, Image::width});
    using type = Shape<Batch, size.vertical, size.horizontal, channels>;
};
/// The result shape of conv_transpose2d for images Y and `channels` output channels.
template <Conv2dOptions window, class Y, int channels>
struct ConvolvedBack {
    using Image = ImageOf<Y>;
    static constexpr core::PerAxis size = window.transposed_output({Image::height, Image::width});
    static_assert(sizeof(diagnosis::TransposedExtentFits<size.vertical>) > 0 &&
                  sizeof(diagnosis::TransposedExtentFits<size.horizontal>) > 0);
    using type = Shape<Batch, size.vertical, size.horizontal, channels>;
};
}  // namespace ops

/// 2-D convolution, f(x * w + bias), where * is a cross-correlation as in PyTorch's Conv2d:
///   x Shape<Batch, height, width, in>, w Shape<window height, window width, in / groups, out>, bias
///   Shape<out>
///   -> Shape<Batch, ..., ..., out>
/// with floor((extent + 2 padding - dilation (size - 1) - 1) / stride) + 1 pixels on each axis.
/// The bias is optional. f: the activation `kind` with its slope or alpha, `parameter`. Sum: see Scalars;
/// void: the scalar of the tensors.
/// Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), relationship 6.
template <Conv2dOptions window, contracts::ActivationKind kind = contracts::ActivationKind::identity,
          class Sum = void, AnyTensor X, AnyTensor W, AnyTensor... Bias>
auto conv2d(double parameter, const X& x, const W& w, const Bias&... bias) {
    static_assert(sizeof...(Bias) <= 1, "gantry: conv2d takes x, w and at most one bias");
    constexpr core::Extents weights = W::shape::extents(0);
    static_assert(
        sizeof(diagnosis::WeightsFitWindow<typename W::shape, window.size.vertical, window.size.horizontal>) >
        0);
    static_assert(sizeof(diagnosis::ConvolutionChannelsFit<ops::ImageOf<typename X::shape>::channels,
                                                           weights.of[2] * window.groups>) > 0);
    static_assert(
        sizeof(diagnosis::GroupsDivideChannels<weights.of[2] * window.groups, weights.of[3], window.groups>) >
        0);
    using S = typename ops::Convolved<window, typename X::shape, weights.of[3]>::type;
    const core::Extents extents = S::extents(x.value().extents.first());
    const ops::Conv2dOp<ops::fused_kind<kind>, core::SumOf<Sum, typename X::scalar>> op{
        ops::convolution_geometry(window, x.value().extents, extents), parameter};
    return ops::apply_rest<kind>(parameter, core::typed<S, X, W, Bias...>(ops::run_op(
                                                op, extents, {}, x.value(), w.value(), bias.value()...)));
}
/// conv2d without activation.
template <Conv2dOptions window, AnyTensor X, AnyTensor W, AnyTensor... Bias>
auto conv2d(const X& x, const W& w, const Bias&... bias) {
    return conv2d<window>(0, x, w, bias...);
}

/// 2-D transposed convolution with bias and activation f, as PyTorch's ConvTranspose2d:
///   y Shape<Batch, height, width, in>, w Shape<window height, window width, out / groups, in>, bias
///   Shape<out>
///   -> Shape<Batch, ..., ..., out>
/// with (extent - 1) stride - 2 padding + dilation (size - 1) + output_padding + 1 pixels on each axis.
/// The bias is optional. f: the activation `kind` with its slope or alpha, `parameter`. Sum: see Scalars;
/// void: the scalar of the tensors.
/// Source: Dumoulin and Visin (2016), relationship 14.
template <Conv2dOptions window, contracts::ActivationKind kind = contracts::ActivationKind::identity,
          class Sum = void, AnyTensor Y, AnyTensor W, AnyTensor... Bias>
auto conv_transpose2d(double parameter, const Y& y, const W& w, const Bias&... bias) {
    static_assert(sizeof...(Bias) <= 1, "gantry: conv_transpose2d takes y, w and at most one bias");
    constexpr core::Extents weights = W::shape::extents(0);
    static_assert(
        sizeof(diagnosis::WeightsFitWindow<typename W::shape, window.size.vertical, window.size.horizontal>) >
        0);
    static_assert(
        sizeof(diagnosis::ConvolutionChannelsFit<ops::ImageOf<typename Y::shape>::channels, weights.of[3]>) >
        0);
    constexpr int channels = weights.of[2] * window.groups;
    static_assert(sizeof(diagnosis::GroupsDivideChannels<weights.of[3], channels, window.groups>) > 0);
    using S = typename ops::ConvolvedBack<window, typename Y::shape, channels>::type;
    const core::Extents extents = S::extents(y.value().extents.first());
    const ops::ConvTranspose2dOp<ops::fused_kind<kind>, core::SumOf<Sum, typename Y::scalar>> op{
        ops::convolution_geometry(window, extents, y.value().extents), parameter};
    return ops::apply_rest<kind>(parameter, core::typed<S, Y, W, Bias...>(ops::run_op(
                                                op, extents, {}, y.value(), w.value(), bias.value()...)));
}
/// conv_transpose2d without activation.
template <Conv2dOptions window, AnyTensor Y, AnyTensor W, AnyTensor... Bias>
auto conv_transpose2d(const Y& y, const W& w, const Bias&... bias) {
    return conv_transpose2d<window>(0, y, w, bias...);
}

/// Weight gradient of conv2d, the derivative of sum(conv2d<window>(x, w) * y) with respect to w:
///   x Shape<Batch, height, width, in> and y Shape<Batch, ..., ..., out>, the result shape of conv2d
///   -> Shape<window height, window width, in / groups, out>
/// Errors: different batch sizes.
template <Conv2dOptions window, AnyTensor X, AnyTensor Y>
auto conv2d_weight_gradient(const X& x, const Y& y) {
    using Image = ops::ImageOf<typename X::shape>;
    using Small = ops::ImageOf<typename Y::shape>;
    using Expected = typename ops::Convolved<window, typename X::shape, Small::channels>::type;
    static_assert(std::is_same_v<Expected, typename Y::shape>,
                  "gantry: conv2d_weight_gradient takes an image and an output of its convolution");
    if (x.value().extents.first() != y.value().extents.first())
        fail("conv2d_weight_gradient", "both must have the same batch size", x.value().extents, " and ",
             y.value().extents);
    static_assert(sizeof(diagnosis::GroupsDivideChannels<Image::channels, Small::channels, window.groups>) >
                  0);
    using S =
        Shape<window.size.vertical, window.size.horizontal, Image::channels / window.groups, Small::channels>;
    const ops::Conv2dWeightGradientOp<typename X::scalar> op{
        ops::convolution_geometry(window, x.value().extents, y.value().extents)};
    return core::typed<S, X, Y>(ops::run_op(op, S::extents(0), {}, x.value(), y.value()));
}

}  // namespace gantry
