#pragma once
#include <gantry/core/options.hpp>
#include <gantry/core/static_check.hpp>
#include <gantry/layers/layer.hpp>

#include <type_traits>

namespace gantry {

namespace diagnosis {
// Compile-time errors for mismatched layers. A mismatch instantiates one of these structs where the network's
// type is named, so the compiler's message shows the arguments: the layer's index (from 0), the layer, the
// shape or extent it expects, and the one it gets.

/// A Sequential got an argument that is not a layer.
template <int layer_index, class Given>
struct SequentialTakesLayers {
    static_assert(layer_index < 0,
                  "gantry: a Sequential takes layers as types: Sequential<Dense<3, 4>, ReLU>, with ReLU and "
                  "not ReLU() (see SequentialTakesLayers<layer index, given>)");
};
/// The number of features (or channels) does not match.
template <int layer_index, class Layer, int layer_expects, int layer_gets>
struct LayerFits {
    static_assert(layer_expects == layer_gets,
                  "gantry: a layer expects a different number of features than it gets (see LayerFits<layer "
                  "index, layer, expects, gets>; index -1: a member of a struct, which InMember names)");
};
/// The shape does not match.
template <int layer_index, class Layer, class LayerExpects, class LayerGets>
struct LayerFitsShape {
    static_assert(std::is_same_v<LayerExpects, LayerGets>,
                  "gantry: a layer expects a different shape than it gets; Flatten or Reshape may be missing "
                  "(see LayerFitsShape<layer index, layer, expects, gets>; -1 is Batch)");
};
/// A layer over images got a shape that is not one of images.
template <int layer_index, class Layer, class LayerGets>
struct LayerFitsImage {
    static_assert(LayerGets::rank == 4,
                  "gantry: a layer takes images, Shape<Batch, height, width, channels>; a "
                  "Reshape may be missing (see LayerFitsImage<layer index, layer, gets>; -1 is Batch)");
};
/// The window is larger than the padded image.
template <int layer_index, class Layer, int image_height, int image_width, int window_height,
          int window_width>
struct LayerFitsWindow {
    static_assert(
        window_height <= image_height && window_width <= image_width,
        "gantry: the window of a layer is larger than its input image (see "
        "LayerFitsWindow<layer index, layer, image height, width, window height, width>, all with padding)");
};
}  // namespace diagnosis

namespace detail {
template <class L>
struct Type {
    using type = L;
};

template <class L>
struct OptionsCheck {
    using type = core::StaticCheck<true, void>;
};
template <class L>
    requires requires { typename L::Valid; }
struct OptionsCheck<L> {
    using type = typename L::Valid;
};
/// The StaticCheck of a layer's template arguments: L::Valid, or one that always holds.
template <class L>
using options_check = typename OptionsCheck<L>::type;

template <class S>
inline constexpr int last_extent = S::extents(Batch).last();
template <>
inline constexpr int last_extent<core::AnyShape> = 0;

/// StaticCheck that a layer over images takes shape X. `channels`: the channels it expects, 0 for any;
/// `window`: the span of its window; `padding`: pixels added on each side.
template <int index, class L, class X, int channels, core::PerAxis window = 1, core::PerAxis padding = 0>
constexpr auto image_check() {
    if constexpr (X::rank != 4) {
        return core::StaticCheck<false, diagnosis::LayerFitsImage<index, L, X>>{};
    } else {
        constexpr core::Extents image = X::extents(Batch);
        constexpr int height = image.of[1] + 2 * padding.vertical,
                      width = image.of[2] + 2 * padding.horizontal;
        if constexpr (channels != 0 && channels != image.of[3])
            return core::StaticCheck<false, diagnosis::LayerFits<index, L, channels, image.of[3]>>{};
        else
            return core::StaticCheck<
                window.vertical <= height && window.horizontal <= width,
                diagnosis::LayerFitsWindow<index, L, height, width, window.vertical, window.horizontal>>{};
    }
}

/// StaticCheck that layer L takes shape X: the condition, and the struct whose instantiation reports a
/// mismatch. They are separate because everything that depends on a failed struct is an error as well.
template <int index, class L, class X>
constexpr auto layer_check() {
    using Expected = typename L::Input;
    if constexpr (!options_check<L>::fits) {
        return options_check<L>{};
    } else if constexpr (std::is_same_v<X, core::AnyShape>) {
        return core::StaticCheck<true, void>{};
    } else if constexpr (requires { typename L::template Fit<index, X>; }) {
        return typename L::template Fit<index, X>{};
    } else if constexpr (std::is_same_v<Expected, core::AnyShape>) {
        constexpr int gets = last_extent<X>, expects = L::features == 0 ? gets : L::features;
        return core::StaticCheck<expects == gets, diagnosis::LayerFits<index, L, expects, gets>>{};
    } else if constexpr (X::rank == 2 && Expected::rank == 2) {
        return core::StaticCheck<std::is_same_v<Expected, X>,
                                 diagnosis::LayerFits<index, L, last_extent<Expected>, last_extent<X>>>{};
    } else {
        return core::StaticCheck<std::is_same_v<Expected, X>,
                                 diagnosis::LayerFitsShape<index, L, Expected, X>>{};
    }
}

/// The input shape to continue with after giving X to layer L: X if it fits, else the shape that L expects,
/// as far as it is known.
template <int index, class L, class X>
constexpr auto taken() {
    if constexpr (!options_check<L>::fits) {
        return Type<std::conditional_t<layers::KeepsShape<L>, X, typename L::Input>>{};
    } else if constexpr (std::is_same_v<X, core::AnyShape>) {
        return Type<typename L::Input>{};
    } else if constexpr (decltype(layer_check<index, L, X>())::fits) {
        return Type<X>{};
    } else if constexpr (std::is_same_v<typename L::Input, core::AnyShape> && L::features > 0) {
        using Y = typename core::Last<X>::template with<L::features>;
        return Type<std::conditional_t<decltype(layer_check<index, L, Y>())::fits, Y, core::AnyShape>>{};
    } else {
        return Type<typename L::Input>{};
    }
}
}  // namespace detail

}  // namespace gantry
