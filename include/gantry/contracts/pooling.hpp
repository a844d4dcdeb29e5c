#pragma once
#include <gantry/core/options.hpp>

#include <cstddef>
#include <cstdint>

namespace gantry::contracts {

/// Geometry of a pooling from whole images (images, height, width, channels) to pooled images (images,
/// pooled_height, pooled_width, channels). The window of pooled pixel (h, w) holds the pixels
///   (h stride.vertical - padding.vertical + i, w stride.horizontal - padding.horizontal + j),
///   0 <= i < size.vertical, 0 <= j < size.horizontal,
/// that are inside the image. There is at least one.
struct PoolingGeometry {
    std::size_t images = 0, channels = 0;
    int height = 0, width = 0, pooled_height = 0, pooled_width = 0;
    Pool2dOptions window = {.size = 1};
};

/// Max pooling: pooled = maximum per window and channel; switches = index h width + w of the pixel that holds
/// it, the first if several are equal. NaN counts as larger than any number, and the last NaN wins, as in
/// PyTorch.
template <class T>
struct MaxPoolParameters {
    PoolingGeometry geometry;
    const T* whole = nullptr;
    T* pooled = nullptr;               ///< overwritten
    std::int32_t* switches = nullptr;  ///< same extents as pooled, overwritten
};

/// Whole images (images, pixels, channels) and pooled images (images, pooled_pixels, channels). Each pooled
/// element has a switch, the index of a pixel of the whole image.
struct SwitchedImages {
    std::size_t images = 0, pixels = 0, pooled_pixels = 0, channels = 0;
    const std::int32_t* switches = nullptr;  ///< (images, pooled_pixels, channels), in [0, pixels)
};

/// Gather: pooled[n, p, c] = whole[n, switches[n, p, c], c].
template <class T>
struct SwitchGatherParameters {
    SwitchedImages extents;
    const T* whole = nullptr;
    T* pooled = nullptr;  ///< overwritten
};

/// Scatter-add, the adjoint: whole[n, q, c] = sum of pooled[n, p, c] over all p with switches[n, p, c] = q,
/// in ascending order of p.
template <class T>
struct SwitchScatterParameters {
    SwitchedImages extents;
    const T* pooled = nullptr;
    T* whole = nullptr;  ///< overwritten
};

/// Pooling by sums: pooled = scale * sum per window and channel. scale = 1 / (window area) gives average
/// pooling.
template <class T>
struct WindowSumParameters {
    PoolingGeometry geometry;
    const T* whole = nullptr;
    T* pooled = nullptr;  ///< overwritten
    double scale = 1;
};

/// The adjoint: whole = scale * sum, per pixel and channel, of the pooled pixels whose window contains the
/// pixel.
template <class T>
struct WindowSpreadParameters {
    PoolingGeometry geometry;
    const T* pooled = nullptr;
    T* whole = nullptr;  ///< overwritten
    double scale = 1;
};

}  // namespace gantry::contracts
