#pragma once
#include <gantry/core/options.hpp>
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/ops/convolution.hpp>

#include <algorithm>
#include <string>
#include <type_traits>

namespace gantry {

namespace detail {
/// "4x4 stride 2 padding 1"; values at their defaults are omitted.
inline std::string window_text(const Conv2dOptions& window) {
    const auto number = [](core::PerAxis n) {
        const std::string vertical = std::to_string(n.vertical);
        return n.vertical == n.horizontal ? vertical : vertical + 'x' + std::to_string(n.horizontal);
    };
    const auto unless = [&](int usual, const char* word, core::PerAxis n) {
        return n == core::PerAxis(usual) ? std::string() : std::string(word) + number(n);
    };
    return std::to_string(window.size.vertical) + 'x' + std::to_string(window.size.horizontal) +
           unless(1, " stride ", window.stride) + unless(0, " padding ", window.padding) +
           unless(1, " dilation ", window.dilation) + unless(0, " more ", window.output_padding) +
           unless(1, " groups ", window.groups) + (window.bias ? "" : ", no bias");
}
}  // namespace detail

namespace diagnosis {
/// Compile-time error for a convolution whose third argument is not a single Conv2dOptions.
template <int arguments>
struct ConvolutionTakesWindow {
    static_assert(arguments < 0,
                  "gantry: a convolution takes one Conv2dOptions after its channels: "
                  "Conv2d<3, 64, Conv2dOptions{.size = 4, .stride = 2, .padding = 1}>");
};
template <int in, int out>
struct ConvolutionHasChannels {
    static_assert(in > 0 && out > 0,
                  "gantry: a convolution must have at least one input channel and one output channel");
};
template <Conv2dOptions window>
struct WindowIsValid {
    static_assert(
        window.valid(),
        "gantry: size, stride, dilation and groups of a window must be positive, padding not negative, and "
        "output_padding smaller than stride or dilation");
};
}  // namespace diagnosis

namespace detail {
/// Base of Conv2d and ConvTranspose2d. A transposed convolution is the adjoint of a convolution, so both
/// store weights as (window height, window width, larger / groups, smaller): `larger` counts the channels of
/// the convolution's input (in of Conv2d, out of ConvTranspose2d), `smaller` those of its output. Files use
/// PyTorch's layout.
template <int channels_in, int channels_out, int larger, int smaller, Conv2dOptions window>
struct ConvolutionLayer {
    static constexpr bool has_channels = channels_in > 0 && channels_out > 0;
    static constexpr int groups = std::max(1, window.groups);
    static constexpr bool divides = channels_in % groups == 0 && channels_out % groups == 0;
    using Valid = std::conditional_t<
        !has_channels, core::StaticCheck<false, diagnosis::ConvolutionHasChannels<channels_in, channels_out>>,
        std::conditional_t<!window.valid(), core::StaticCheck<false, diagnosis::WindowIsValid<window>>,
                           core::StaticCheck<divides, diagnosis::GroupsDivideChannels<
                                                          channels_in, channels_out, window.groups>>>>;
    // Clamped to 1, so that invalid arguments fail in Valid only and not in Shape as well.
    static constexpr int rows = std::max(1, window.size.vertical),
                         columns = std::max(1, window.size.horizontal);
    static constexpr int taps = rows * columns;
    // As PyTorch, which derives both from the weight's layout in its files, for transposed convolutions too.
    static constexpr int fan_in = larger / groups * taps, fan_out = smaller * taps;
    using Weight =
        core::Parameter<"weight", Shape<rows, columns, std::max(1, larger / groups), std::max(1, smaller)>,
                        Role::weight, fan_in, fan_out, core::FileOrder::channels_first>;
    using BiasParameter =
        core::Parameter<"bias", Shape<std::max(1, channels_out)>, Role::bias, fan_in, fan_out>;
    using Parameters = std::conditional_t<window.bias, core::ParameterList<Weight, BiasParameter>,
                                          core::ParameterList<Weight>>;
    using State = core::ParameterList<>;
    using Input = core::AnyShape;
    static constexpr int features = channels_in;
    static constexpr bool fuses_activation = true;
};
}  // namespace detail

/// 2D convolution, Shape<Batch, height, width, in> -> Shape<Batch, ..., ..., out>; see conv2d.
///     Conv2d<3, 64, Conv2dOptions{.size = 4, .stride = 2, .padding = 1, .bias = false}>
///     Conv2d<64, 64, Conv2dOptions{.size = 3, .padding = 1, .groups = 64}>    // depthwise
template <int in, int out, auto... window>
struct Conv2d : Conv2d<in, out, Conv2dOptions{.size = 1}> {
    using Valid = core::StaticCheck<false, diagnosis::ConvolutionTakesWindow<sizeof...(window)>>;
};
template <int in, int out, Conv2dOptions window>
struct Conv2d<in, out, window> : detail::ConvolutionLayer<in, out, in, out, window>,
                                 layers::Part<Conv2d<in, out, window>> {
    template <int index, class X>
    using Fit = decltype(detail::image_check<index, Conv2d, X, in, window.span(), window.padding>());
    /// The same layer with out * factor output channels; see Maxout.
    template <int factor>
    using Widened = Conv2d<in, out * factor, window>;

    static std::string name() {
        return "Conv2d " + std::to_string(in) + " -> " + std::to_string(out) + ", " +
               detail::window_text(window);
    }

    template <class P, AnyTensor X, AnyTensor W, AnyTensor... Bias>
    static auto forward(const P&, const X& x, const W& weight, const Bias&... bias) {
        return conv2d<window, P::activation.kind, typename P::Sum>(P::activation.parameter, x, weight,
                                                                   bias...);
    }
};

}  // namespace gantry
