#pragma once
#include <gantry/layers/part.hpp>
#include <gantry/layers/pooling_layer.hpp>
#include <gantry/ops/avg_pool.hpp>

#include <cstddef>
#include <string>
#include <type_traits>

namespace gantry {

/// Average pooling, Shape<Batch, height, width, C> -> Shape<Batch, ..., ..., C>; see avg_pool2d.
///     AvgPool2d<Pool2dOptions{.size = 4, .stride = 2}>
template <auto... pooling>
struct AvgPool2d : detail::PoolingLayer<Pool2dOptions{.size = 1}> {
    using Valid = core::StaticCheck<false, diagnosis::LayerTakesPooling<sizeof...(pooling)>>;
};
template <Pool2dOptions pooling>
struct AvgPool2d<pooling> : detail::PoolingLayer<pooling>, layers::Part<AvgPool2d<pooling>> {
    template <int index, class X>
    using Fit = decltype(detail::image_check<index, AvgPool2d, X, 0, pooling.size, pooling.padding>());

    static std::string name() { return "AvgPool2d " + detail::pooling_text(pooling); }

    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return avg_pool2d<pooling>(x);
    }
};

/// Mean of each channel over the image, Shape<Batch, height, width, C> -> Shape<Batch, C>; see
/// global_avg_pool2d.
struct GlobalAvgPool2d : layers::PlainLayer, layers::Part<GlobalAvgPool2d> {
    static constexpr layers::FeatureOrder feature_order = layers::FeatureOrder::own;
    static constexpr std::size_t pytorch_modules = 2;  // AdaptiveAvgPool2d(1) and Flatten
    template <int index, class X>
    using Fit = decltype(detail::image_check<index, GlobalAvgPool2d, X, 0>());

    static std::string name() { return "GlobalAvgPool2d"; }

    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return global_avg_pool2d(x);
    }
};

}  // namespace gantry
