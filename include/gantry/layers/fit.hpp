#pragma once
#include <gantry/core/window.hpp>
#include <gantry/layers/layer.hpp>

#include <type_traits>

namespace gantry {

// A network that does not fit together fails in one of these structs, where its type is named. The compiler's
// message then shows their arguments: the layer's index (from 0), the layer, what it expects and what it
// gets.

template <int layer_index, class Layer, int layer_expects, int layer_gets>
struct LayerFits {
    static_assert(layer_expects == layer_gets,
                  "gantry: a layer of this Sequential expects another number of features "
                  "than it gets from the layer before it (see LayerFits<layer index, layer, expects, gets>)");
};
template <int layer_index, class Layer, class LayerExpects, class LayerGets>
struct LayerFitsShape {
    static_assert(std::is_same_v<LayerExpects, LayerGets>,
                  "gantry: a layer of this Sequential expects another shape than it "
                  "gets from the layer before it; Flatten or Reshape may be missing (see "
                  "LayerFitsShape<layer index, layer, expects, gets>; -1 is Batch)");
};
template <int layer_index, class Layer, class LayerGets>
struct LayerFitsImage {
    static_assert(LayerGets::rank == 4,
                  "gantry: a layer of this Sequential takes images, Shape<Batch, height, width, channels>; a "
                  "Reshape may be missing (see LayerFitsImage<layer index, layer, gets>; -1 is Batch)");
};
template <int layer_index, class Layer, int image_height, int image_width, int window_height,
          int window_width>
struct LayerFitsWindow {
    static_assert(
        window_height <= image_height && window_width <= image_width,
        "gantry: the window of a layer of this Sequential is larger than the image that it gets (see "
        "LayerFitsWindow<layer index, layer, image height, width, window height, width>, all with "
        "padding)");
};

namespace detail {

template <bool layer_fits, class Diagnosis>
struct LayerCheck {
    static constexpr bool fits = layer_fits;
    static constexpr void diagnose() {
        if constexpr (!fits) static_cast<void>(sizeof(Diagnosis));
    }
};

template <class S>
inline constexpr int last_extent = S::extents(Batch).last();
template <>
inline constexpr int last_extent<AnyShape> = 0;

/// How a layer over images takes shape X: `channels` are those that it expects, 0 for any; `window` is the
/// extent of its window, and `padding` what it adds on each side.
template <int index, class L, class X, int channels, PerAxis window = 1, PerAxis padding = 0>
constexpr auto image_check() {
    if constexpr (X::rank != 4) {
        return LayerCheck<false, LayerFitsImage<index, L, X>>{};
    } else {
        constexpr Extents image = X::extents(Batch);
        constexpr int height = image.of[1] + 2 * padding.vertical,
                      width = image.of[2] + 2 * padding.horizontal;
        if constexpr (channels != 0 && channels != image.of[3])
            return LayerCheck<false, LayerFits<index, L, channels, image.of[3]>>{};
        else
            return LayerCheck < window.vertical <= height && window.horizontal <= width,
                   LayerFitsWindow < index, L, height, width, window.vertical, window.horizontal >> {};
    }
}

}  // namespace detail

}  // namespace gantry
