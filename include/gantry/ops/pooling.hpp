#pragma once
#include <gantry/contracts/pooling.hpp>
#include <gantry/core/options.hpp>
#include <gantry/core/shape.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry {

namespace ops {
/// True if size, stride and padding are in range.
constexpr bool is_valid(const Pool2dOptions& pooling) {
    const auto axis = [](int size, int stride, int padding) {
        return size > 0 && stride > 0 && padding >= 0 && 2 * padding <= size;
    };
    return axis(pooling.size.vertical, pooling.stride.vertical, pooling.padding.vertical) &&
           axis(pooling.size.horizontal, pooling.stride.horizontal, pooling.padding.horizontal);
}
}  // namespace ops

namespace diagnosis {
// Shape rules. Each is a struct, so that the compiler shows its arguments in the error message.

template <class Given>
struct PoolingTakesImages {
    static_assert(Given::rank == 4 && Given::batched,
                  "gantry: pooling takes images: Shape<Batch, height, width, channels>");
};
template <int image_with_padding, int window>
struct PoolingWindowFits {
    static_assert(image_with_padding >= window,
                  "gantry: the window of a pooling is larger than the padded image");
};
template <Pool2dOptions pooling>
struct PoolingIsValid {
    static_assert(
        ops::is_valid(pooling),
        "gantry: size and stride of a pooling must be positive, and its padding from 0 to half its size");
};

template <core::PerAxis factor>
struct UpsampleHasFactor {
    static_assert(factor.vertical > 0 && factor.horizontal > 0,
                  "gantry: the factors of an upsampling must be positive");
};
}  // namespace diagnosis

namespace ops {
/// Result shape of a pooling of images X.
template <Pool2dOptions pooling, class X>
struct Pooled : diagnosis::PoolingTakesImages<X> {};
template <Pool2dOptions pooling, int height, int width, int channels>
struct Pooled<pooling, Shape<Batch, height, width, channels>> {
    static constexpr core::PerAxis size = pooling.size, stride = pooling.stride, padding = pooling.padding;
    // At least 1, so that a window that does not fit fails the assertion below and not one of Shape.
    static constexpr int pooled_height = std::max(1, core::window_places(height, size.vertical,
                                                                         stride.vertical, padding.vertical)),
                         pooled_width =
                             std::max(1, core::window_places(width, size.horizontal, stride.horizontal,
                                                             padding.horizontal));
    using type = Shape<Batch, pooled_height, pooled_width, channels>;

    static_assert(sizeof(diagnosis::PoolingWindowFits<height + 2 * padding.vertical, size.vertical>) > 0);
    static_assert(sizeof(diagnosis::PoolingWindowFits<width + 2 * padding.horizontal, size.horizontal>) > 0);
    static_assert(sizeof(diagnosis::PoolingIsValid<pooling>) > 0);
};

/// Result shape of upsampling images X.
template <core::PerAxis factor, class X>
struct Upsampled : diagnosis::PoolingTakesImages<X> {};
template <core::PerAxis factor, int height, int width, int channels>
struct Upsampled<factor, Shape<Batch, height, width, channels>> {
    static_assert(sizeof(diagnosis::UpsampleHasFactor<factor>) > 0);
    using type = Shape<Batch, height * factor.vertical, width * factor.horizontal, channels>;
};

/// Result shape of global pooling of images X.
template <class X>
struct GloballyPooled : diagnosis::PoolingTakesImages<X> {};
template <int height, int width, int channels>
struct GloballyPooled<Shape<Batch, height, width, channels>> {
    using type = Shape<Batch, channels>;
};

/// Geometry of a pooling of images with extents `whole`.
inline contracts::PoolingGeometry pooling_geometry(const Pool2dOptions& pooling, const core::Extents& whole,
                                                   int pooled_height, int pooled_width) {
    return {static_cast<std::size_t>(whole.of[0]),
            static_cast<std::size_t>(whole.of[3]),
            whole.of[1],
            whole.of[2],
            pooled_height,
            pooled_width,
            pooling};
}
}  // namespace ops

}  // namespace gantry
