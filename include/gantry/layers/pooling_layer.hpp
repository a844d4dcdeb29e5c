#pragma once
#include <gantry/core/options.hpp>
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/ops/pooling.hpp>

#include <cstddef>
#include <string>
#include <type_traits>

namespace gantry {

namespace detail {
/// "2x3 stride 2x2 padding 1x1"; the stride is omitted if it equals the size, the padding if it is 0.
inline std::string pooling_text(const Pool2dOptions& pooling) {
    const auto both = [](core::PerAxis n) {
        return std::to_string(n.vertical) + 'x' + std::to_string(n.horizontal);
    };
    return both(pooling.size) + (pooling.stride == pooling.size ? "" : " stride " + both(pooling.stride)) +
           (pooling.padding == core::PerAxis(0) ? "" : " padding " + both(pooling.padding));
}
}  // namespace detail

namespace diagnosis {
/// Compile-time error for a pooling layer whose argument is not a single Pool2dOptions.
template <int arguments>
struct LayerTakesPooling {
    static_assert(
        arguments < 0,
        "gantry: a pooling layer takes one Pool2dOptions: MaxPool2d<Pool2dOptions{.size = 2, .stride = 2}>");
};
}  // namespace diagnosis

namespace detail {
/// Base of the pooling layers.
template <Pool2dOptions pooling>
struct PoolingLayer : layers::PlainLayer {
    using Valid = core::StaticCheck<ops::is_valid(pooling), diagnosis::PoolingIsValid<pooling>>;
    template <class X>
    using Output = typename std::conditional_t<std::is_same_v<X, core::AnyShape>, std::type_identity<X>,
                                               ops::Pooled<pooling, X>>::type;
};
}  // namespace detail

}  // namespace gantry
