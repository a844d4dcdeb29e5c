#pragma once
#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/part.hpp>

#include <string>
#include <type_traits>

namespace gantry {

namespace detail {
template <int index, class L, class X, int in, Conv2dOptions window>
constexpr auto transposed_image_check();
}  // namespace detail

/// Transposed 2D convolution, Shape<Batch, height, width, in> -> Shape<Batch, ..., ..., out>, with the window
/// conventions of PyTorch's ConvTranspose2d; see conv_transpose2d.
template <int in, int out, auto... window>
struct ConvTranspose2d : ConvTranspose2d<in, out, Conv2dOptions{.size = 1}> {
    using Valid = core::StaticCheck<false, diagnosis::ConvolutionTakesWindow<sizeof...(window)>>;
};
template <int in, int out, Conv2dOptions window>
struct ConvTranspose2d<in, out, window> : detail::ConvolutionLayer<in, out, out, in, window>,
                                          layers::Part<ConvTranspose2d<in, out, window>> {
    static constexpr int output_axis = -2;
    template <int index, class X>
    using Fit = decltype(detail::transposed_image_check<index, ConvTranspose2d, X, in, window>());

    static std::string name() {
        return "ConvTranspose2d " + std::to_string(in) + " -> " + std::to_string(out) + ", " +
               detail::window_text(window);
    }

    template <class P, AnyTensor X, AnyTensor W, AnyTensor... Bias>
    static auto forward(const P&, const X& x, const W& weight, const Bias&... bias) {
        return conv_transpose2d<window, P::activation.kind, typename P::Sum>(P::activation.parameter, x,
                                                                             weight, bias...);
    }
};

namespace diagnosis {
/// Compile-time error for a transposed convolution whose padding removes its whole result.
template <int layer_index, class Layer, int result_height, int result_width>
struct LayerLeavesPixels {
    static_assert(result_height > 0 && result_width > 0,
                  "gantry: the padding of a transposed convolution of this Sequential leaves no output "
                  "pixels (see LayerLeavesPixels<layer index, layer, output height, output width>)");
};
}  // namespace diagnosis

template <int index, class L, class X, int in, Conv2dOptions window>
constexpr auto detail::transposed_image_check() {
    using Check = decltype(image_check<index, L, X, in>());
    if constexpr (!Check::fits) {
        return Check{};
    } else {
        constexpr core::Extents image = X::extents(Batch);
        constexpr core::PerAxis out = window.transposed_output({image.of[1], image.of[2]});
        return core::StaticCheck<(out.vertical > 0 && out.horizontal > 0),
                                 diagnosis::LayerLeavesPixels<index, L, out.vertical, out.horizontal>>{};
    }
}

}  // namespace gantry
