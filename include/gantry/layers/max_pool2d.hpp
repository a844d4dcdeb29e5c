#pragma once
#include <gantry/layers/part.hpp>
#include <gantry/layers/pooling_layer.hpp>
#include <gantry/ops/max_pool.hpp>

#include <cstddef>
#include <string>

namespace gantry {

/// Max pooling, Shape<Batch, height, width, C> -> Shape<Batch, ..., ..., C>; see max_pool2d.
///     MaxPool2d<Pool2dOptions{.size = 3, .stride = 2, .padding = 1}>
template <auto... pooling>
struct MaxPool2d : detail::PoolingLayer<Pool2dOptions{.size = 1}> {
    using Valid = core::StaticCheck<false, diagnosis::LayerTakesPooling<sizeof...(pooling)>>;
};
template <Pool2dOptions pooling>
struct MaxPool2d<pooling> : detail::PoolingLayer<pooling>, layers::Part<MaxPool2d<pooling>> {
    template <int index, class X>
    using Fit = decltype(detail::image_check<index, MaxPool2d, X, 0, pooling.size, pooling.padding>());

    static std::string name() { return "MaxPool2d " + detail::pooling_text(pooling); }

    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return max_pool2d<pooling>(x).result;
    }
};

}  // namespace gantry
