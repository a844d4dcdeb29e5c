#pragma once
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/ops/resampling.hpp>

#include <locale>
#include <sstream>
#include <string>
#include <type_traits>

namespace gantry {

namespace diagnosis {
/// Compile-time error for a downsampling layer whose image has an odd extent.
template <int layer_index, class Layer, int image_height, int image_width>
struct LayerHalvesImage {
    static_assert(image_height % 2 == 0 && image_width % 2 == 0,
                  "gantry: downsampling by 2 takes images with an even height and width (see "
                  "LayerHalvesImage<layer index, layer, height, width>)");
};
}  // namespace diagnosis

namespace detail {
/// StaticCheck that a layer can halve images of shape X.
template <int index, class L, class X>
constexpr auto halved_image_check() {
    using Check = decltype(image_check<index, L, X, 0>());
    if constexpr (!Check::fits) {
        return Check{};
    } else {
        constexpr core::Extents image = X::extents(Batch);
        return core::StaticCheck<image.of[1] % 2 == 0 && image.of[2] % 2 == 0,
                                 diagnosis::LayerHalvesImage<index, L, image.of[1], image.of[2]>>{};
    }
}

/// "FirUpsample 1 3 3 1"
template <auto... taps>
std::string filter_text(const char* name) {
    std::ostringstream text;
    text.imbue(std::locale::classic());
    text << name;
    ((text << ' ' << taps), ...);
    return text.str();
}
}  // namespace detail

/// Upsampling by 2 with a low-pass filter: `FirUpsample<1, 3, 3, 1>`; see fir_upsample.
template <auto... taps>
struct FirUpsample : layers::PlainLayer, layers::Part<FirUpsample<taps...>> {
    using Valid = core::StaticCheck<ops::is_fir_filter<taps...>, diagnosis::FirFilterIsValid<taps...>>;
    template <int index, class X>
    using Fit = decltype(detail::image_check<index, FirUpsample, X, 0>());

    static std::string name() { return detail::filter_text<taps...>("FirUpsample"); }

    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return fir_upsample<taps...>(x);
    }
};

/// Downsampling by 2 with a low-pass filter: `FirDownsample<1, 3, 3, 1>`; see fir_downsample.
template <auto... taps>
struct FirDownsample : layers::PlainLayer, layers::Part<FirDownsample<taps...>> {
    using Valid = core::StaticCheck<ops::is_fir_filter<taps...>, diagnosis::FirFilterIsValid<taps...>>;
    template <int index, class X>
    using Fit = decltype(detail::halved_image_check<index, FirDownsample, X>());

    static std::string name() { return detail::filter_text<taps...>("FirDownsample"); }

    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return fir_downsample<taps...>(x);
    }
};

/// Bilinear upsampling by 2; see bilinear_upsample.
struct BilinearUpsample : layers::PlainLayer, layers::Part<BilinearUpsample> {
    template <int index, class X>
    using Fit = decltype(detail::image_check<index, BilinearUpsample, X, 0>());

    static std::string name() { return "BilinearUpsample"; }

    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return bilinear_upsample(x);
    }
};

}  // namespace gantry
