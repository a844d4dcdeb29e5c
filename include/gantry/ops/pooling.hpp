#pragma once
#include <gantry/core/shape.hpp>
#include <gantry/core/window.hpp>
#include <gantry/kernels/pooling.hpp>

#include <cstddef>
#include <type_traits>

namespace gantry {

// What is wrong with the shapes of ops and layers that pool images. One of these structs fails to compile, and
// the message shows its arguments; `Where` is the shape that an op was given, or a LayerAt.

template <class Where, class Given>
struct TakesImages {
    static_assert(Given::rank == 4 && Given::batched,
                  "gantry: pooling takes images, Shape<Batch, height, width, channels>; Reshape may be missing "
                  "(see TakesImages<where, what it gets>; -1 is Batch)");
};
template <class Where, int image_with_padding, int window>
struct PoolingFits {
    static_assert(image_with_padding >= window,
                  "gantry: a pooling window is larger than its image with the padding (see "
                  "PoolingFits<where, extent of the image with padding, extent of the window>)");
};
template <class Where, Pooling pooling, bool holds>
struct PoolingOptionsFit {
    static_assert(holds, "gantry: the size and the stride of pooling are at least 1, and its padding is from 0 "
                         "to half of the size");
};

namespace detail {

/// The shape that pooling makes of X, and what is wrong where there is none: one of the structs above, else
/// void.
template <Pooling pooling, class X, class Where = X>
struct Pooled {
    using Error = TakesImages<Where, X>;
};
template <Pooling pooling, int height, int width, int channels, class Where>
struct Pooled<pooling, Shape<Batch, height, width, channels>, Where> {
    static constexpr bool valid(int size, int stride, int padding) {
        return size > 0 && stride > 0 && padding >= 0 && 2 * padding <= size;
    }
    static constexpr PerAxis size = pooling.size, stride = pooling.stride, padding = pooling.padding,
                             padded{height + 2 * padding.vertical, width + 2 * padding.horizontal};
    static constexpr bool options_fit = valid(size.vertical, stride.vertical, padding.vertical) &&
                                        valid(size.horizontal, stride.horizontal, padding.horizontal);
    using Error = std::conditional_t<
        !options_fit, PoolingOptionsFit<Where, pooling, options_fit>,
        std::conditional_t<
            (padded.vertical < size.vertical), PoolingFits<Where, padded.vertical, size.vertical>,
            std::conditional_t<(padded.horizontal < size.horizontal),
                               PoolingFits<Where, padded.horizontal, size.horizontal>, void>>>;
    template <int padded_extent, int window, int step>
    static constexpr int pooled = (padded_extent - window) / step + 1;
    using type = Shape<Batch, pooled<padded.vertical, size.vertical, stride.vertical>,
                       pooled<padded.horizontal, size.horizontal, stride.horizontal>, channels>;
};

/// Each pixel of an image X as factor.vertical x factor.horizontal pixels.
template <PerAxis factor, class X, class Where = X>
struct Upsampled {
    using Error = TakesImages<Where, X>;
};
template <PerAxis factor, int height, int width, int channels, class Where>
struct Upsampled<factor, Shape<Batch, height, width, channels>, Where> {
    static_assert(factor.vertical > 0 && factor.horizontal > 0,
                  "gantry: the factors of upsample are at least 1");
    using Error = void;
    using type = Shape<Batch, height * factor.vertical, width * factor.horizontal, channels>;
};

/// All pixels of an image X as one.
template <class X, class Where = X>
struct GloballyPooled {
    using Error = TakesImages<Where, X>;
};
template <int height, int width, int channels, class Where>
struct GloballyPooled<Shape<Batch, height, width, channels>, Where> {
    static constexpr Pooling pooling{.size = {height, width}};
    using Error = void;
    using type = Shape<Batch, channels>;
};

/// Whether a rule fits; where it does not, the compiler says why.
template <class Rule>
constexpr bool fits() {
    constexpr bool result = std::is_void_v<typename Rule::Error>;
    if constexpr (!result) static_cast<void>(sizeof(typename Rule::Error));
    return result;
}

inline PoolingGeometry pooling_geometry(const Pooling& pooling, const Extents& whole, int pooled_height,
                                        int pooled_width) {
    return {static_cast<std::size_t>(whole.of[0]),
            static_cast<std::size_t>(whole.of[3]),
            whole.of[1],
            whole.of[2],
            pooled_height,
            pooled_width,
            pooling};
}

}  // namespace detail
}  // namespace gantry
