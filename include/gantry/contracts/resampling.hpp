#pragma once
#include <gantry/core/host_device.hpp>

#include <cstddef>

namespace gantry::contracts {

/// A filter for resampling by 2 along one axis: its taps and its place.
struct FirFilter {
    static constexpr int most_taps = 16;

    int size = 0;  ///< number of taps
    double taps[most_taps] = {};
    int padding = 0;
    /// Beyond its border the small image repeats its border pixels; otherwise it is 0 there.
    bool replicate = false;
};

/// A term of a resampled pixel: a source pixel, or -1 if there is none, and the tap that it is multiplied by.
struct FirTerm {
    int source, tap;
};

/// One axis of resampling by 2 between `small` and 2 `small` pixels:
///   upsampling     large[r] = sum over i of taps[r + padding - 2 i] small[i]
///   downsampling   small[i] = sum over r of taps[r + padding - 2 i] large[r], its adjoint
/// Taps outside of the filter are 0.
struct FirAxis {
    int size, padding;
    bool replicate, up;
    int small_size;

    GANTRY_HOST_DEVICE FirAxis(const FirFilter& filter, bool upsamples, int small_extent)
        : size(filter.size),
          padding(filter.padding),
          replicate(filter.replicate),
          up(upsamples),
          small_size(small_extent) {}

    /// Extents of the source and of the result.
    GANTRY_HOST_DEVICE int source() const { return up ? small_size : 2 * small_size; }
    GANTRY_HOST_DEVICE int result() const { return up ? 2 * small_size : small_size; }
    /// Number of terms of a pixel of the result, and term number n.
    GANTRY_HOST_DEVICE int terms(int pixel) const {
        return up ? (size + 1) / 2 : (last(pixel) - first(pixel) + 1) * size;
    }
    GANTRY_HOST_DEVICE FirTerm term(int pixel, int n) const {
        if (up) {
            const int i = (pixel + padding) / 2 - n, tap = pixel + padding - 2 * i;
            if (tap >= size || (!replicate && (i < 0 || i >= small_size))) return {-1, 0};
            return {i < 0 ? 0 : i >= small_size ? small_size - 1 : i, tap};
        }
        const int tap = n % size, r = 2 * (first(pixel) + n / size) - padding + tap;
        return {r >= 0 && r < 2 * small_size ? r : -1, tap};
    }

private:
    /// The pixels, some beyond the border, whose values a pixel of the small image provides.
    GANTRY_HOST_DEVICE int first(int pixel) const { return replicate && pixel == 0 ? -size : pixel; }
    GANTRY_HOST_DEVICE int last(int pixel) const {
        return replicate && pixel == small_size - 1 ? pixel + size : pixel;
    }
};

/// Resampling by 2 of images (images, height, width, channels) along both axes with one filter. Height and
/// width are those of the smaller image.
template <class T>
struct ResamplingParameters {
    bool up = false;  ///< upsampling; otherwise downsampling
    std::size_t images = 0, channels = 0;
    int height = 0, width = 0;
    FirFilter filter;
    const T* x = nullptr;
    T* y = nullptr;  ///< overwritten

    FirAxis vertical() const { return {filter, up, height}; }
    FirAxis horizontal() const { return {filter, up, width}; }
    /// Number of elements of y.
    std::size_t y_size() const {
        return images * static_cast<std::size_t>(vertical().result()) *
               static_cast<std::size_t>(horizontal().result()) * channels;
    }
};

}  // namespace gantry::contracts
