#pragma once
#include <gantry/layers/max_pool2d.hpp>
#include <gantry/layers/pooling_layer.hpp>
#include <gantry/layers/sequential.hpp>
#include <gantry/ops/max_pool.hpp>

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

namespace gantry {

namespace diagnosis {
/// Compile-time error for inner layers of a PoolUnpool2d that change the pooled image's shape.
template <int layer_index, class Layer, class PooledImage, class InnerLayersMake>
struct UnpoolingFitsLayer {
    static_assert(std::is_same_v<PooledImage, InnerLayersMake>,
                  "gantry: the layers inside a PoolUnpool2d must keep the height, width and channels of the "
                  "pooled image, since its switches unpool their output (see UnpoolingFitsLayer<layer index, "
                  "layer, pooled image, output of the inner layers>; -1 is Batch)");
};
}  // namespace diagnosis

/// One level of an encoder-decoder: max-pools, applies the inner layers, and unpools their result with the
/// switches of that pooling. Shape<Batch, height, width, C> -> the same shape. Nest it for a U:
///     PoolUnpool2d<Pool2dOptions{.size = 2}, Conv2d<16, 32, w>, PoolUnpool2d<Pool2dOptions{.size = 2}, ...>,
///                  ConvTranspose2d<32, 16, w>>
/// See max_pool2d and max_unpool2d. Source: Zeiler and Fergus, "Visualizing and understanding convolutional
/// networks" (2014), section 2.1; Noh, Hong and Han, "Learning deconvolution network for semantic
/// segmentation" (2015), section 3.2.
template <auto pooling, class... Layers>
struct PoolUnpool2d : PoolUnpool2d<Pool2dOptions{.size = 1}, Layers...> {
    using Valid = core::StaticCheck<false, diagnosis::LayerTakesPooling<1>>;
};
template <Pool2dOptions pooling, class... Layers>
struct PoolUnpool2d<pooling, Layers...> : detail::PoolingLayer<pooling>,
                                          layers::Part<PoolUnpool2d<pooling, Layers...>> {
private:
    using Pool = detail::PoolingLayer<pooling>;
    using Inner = Sequential<Layers...>;
    template <class X>
    using PooledImage = typename Pool::template Output<X>;

    template <int index, class X>
    static constexpr auto check() {
        using Pools =
            decltype(detail::image_check<index, PoolUnpool2d, X, 0, pooling.size, pooling.padding>());
        if constexpr (!Pools::fits) {
            return Pools{};
        } else {
            using Image = PooledImage<X>;
            using Made = typename Inner::template Output<Image>;
            constexpr bool fits = std::is_same_v<Image, Made> || !Inner::template fits<Image>;
            return core::StaticCheck<fits, diagnosis::UnpoolingFitsLayer<index, PoolUnpool2d, Image, Made>>{};
        }
    }

public:
    using NestedTag = void;
    /// True if a network struct is one of the inner layers, or in one.
    static constexpr bool contains_struct = Inner::contains_struct;
    using Parameters = typename Inner::Parameters;
    using State = typename Inner::State;
    static constexpr std::size_t leaves = 2 + Inner::leaves;  ///< layers that are no containers
    template <int index, class X>
    using Fit = decltype(check<index, X>());
    template <class X>
    using Output = X;
    template <class X>
    static constexpr bool fits = Inner::template fits<PooledImage<X>>;
    static std::string name() { return "PoolUnpool2d " + detail::pooling_text(pooling); }

    template <class P, class Cursor, AnyTensor X>
    static auto forward(const P& pass, const Cursor& cursor, const X& x) {
        const auto max = detail::as_leaf<Pool>(x, [&] { return max_pool2d<pooling>(x); });
        const auto y = Inner::forward(pass, cursor, max.result);
        return detail::as_leaf<Pool>(y, [&] { return max_unpool2d(y, max.switches); });
    }

    template <bool learned>
    static void list_tensors(std::vector<core::ParameterInfo>& list, const std::string& prefix,
                             std::size_t offset, std::size_t& leaf) {
        ++leaf;
        Inner::template list_tensors<learned>(list, prefix, offset, leaf);
        ++leaf;
    }
    /// Visits the pooling, the inner layers and the unpooling.
    template <class X, class F>
    static constexpr void each_layer(const F& f) {
        f(detail::Type<Pool>{}, detail::Type<X>{}, detail::Type<PooledImage<X>>{});
        Inner::template each_layer<PooledImage<X>>(f);
        f(detail::Type<Pool>{}, detail::Type<PooledImage<X>>{}, detail::Type<X>{});
    }
    /// A row for the pooling, the rows of the inner layers, and a row for the unpooling.
    template <class X>
    static void list_rows(std::vector<layers::SummaryRow>& rows, const std::string& prefix) {
        const std::string number = prefix.substr(0, prefix.size() - 1);
        rows.push_back({number + "  MaxPool2d " + detail::pooling_text(pooling),
                        detail::shape_text<PooledImage<X>>(), 0});
        Inner::template list_rows<PooledImage<X>>(rows, prefix);
        rows.push_back({number + "  MaxUnpool2d", detail::shape_text<X>(), 0});
    }
    /// Calls f(Type<layer>) for every leaf layer.
    template <class F>
    static constexpr void each_leaf(const F& f) {
        f(detail::Type<Pool>{});
        Inner::each_leaf(f);
        f(detail::Type<Pool>{});
    }
};

}  // namespace gantry
