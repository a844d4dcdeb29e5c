#pragma once
#include <gantry/core/options.hpp>

#include <cstddef>
#include <cstdint>

namespace gantry {

/// Whole images (images, height, width, channels), and pooled ones (images, pooled_height, pooled_width,
/// channels). The window of pooled pixel (h, w) is the pixels (h stride.vertical - padding.vertical + i,
/// w stride.horizontal - padding.horizontal + j), 0 <= i < size.vertical, 0 <= j < size.horizontal, as far as
/// they lie in the whole image. At least one does.
struct PoolingGeometry {
    std::size_t images = 0, channels = 0;
    int height = 0, width = 0, pooled_height = 0, pooled_width = 0;
    Pooling window = {.size = 1};
};

/// pooled = the largest number of each window and channel, and switches = the pixel, h width + w, where it
/// stands: the first of equals. A NaN is larger than every number, and the last NaN wins, as in PyTorch.
template <class T>
struct MaxPoolParameters {
    PoolingGeometry geometry;
    const T* whole = nullptr;
    T* pooled = nullptr;               ///< overwritten
    std::int32_t* switches = nullptr;  ///< of the extents of pooled, overwritten
};

/// Images (images, pixels, channels), and as many pooled ones (images, pooled_pixels, channels), each number
/// of which has a switch: a pixel of the whole image.
struct SwitchedImages {
    std::size_t images = 0, pixels = 0, pooled_pixels = 0, channels = 0;
    const std::int32_t* switches = nullptr;  ///< (images, pooled_pixels, channels), from 0 to pixels - 1
};

/// pooled[n, p, c] = whole[n, switches[n, p, c], c]
template <class T>
struct SwitchGatherParameters {
    SwitchedImages extents;
    const T* whole = nullptr;
    T* pooled = nullptr;  ///< overwritten
};

/// The adjoint: whole[n, q, c] = sum of pooled[n, p, c] over all p with switches[n, p, c] = q, in their
/// order.
template <class T>
struct SwitchScatterParameters {
    SwitchedImages extents;
    const T* pooled = nullptr;
    T* whole = nullptr;  ///< overwritten
};

/// pooled = scale * sum of each window and channel.
template <class T>
struct WindowSumParameters {
    PoolingGeometry geometry;
    const T* whole = nullptr;
    T* pooled = nullptr;  ///< overwritten
    double scale = 1;
};

/// The adjoint: whole = scale * sum, for each pixel and channel, of the pooled pixels in whose window it
/// lies.
template <class T>
struct WindowSpreadParameters {
    PoolingGeometry geometry;
    const T* pooled = nullptr;
    T* whole = nullptr;  ///< overwritten
    double scale = 1;
};

}  // namespace gantry
