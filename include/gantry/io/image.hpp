#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/images.hpp>
#include <gantry/core/math.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string_view>
#include <vector>

namespace gantry {

namespace io {
/// An 8-bit image for display: grey (1 channel) or RGB (3 channels).
struct Image {
    int height = 0;                    ///< in pixels
    int width = 0;                     ///< in pixels
    int channels = 0;                  ///< 1 or 3
    std::vector<std::uint8_t> pixels;  ///< (height, width, channels)

    bool operator==(const Image&) const = default;
};
}  // namespace io

namespace detail {
inline std::size_t image_bytes(int height, int width, int channels) {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
           static_cast<std::size_t>(channels);
}
/// Errors: sides outside [1, 65535]; channels other than 1 or 3; pixels of another size.
inline void check_image(std::string_view where, const io::Image& image) {
    // The limit of GIF.
    if (image.height < 1 || image.width < 1 || image.height > 65535 || image.width > 65535)
        fail(where, "an image's sides must be from 1 to 65535", image.height, " x ", image.width);
    if (image.channels != 1 && image.channels != 3)
        fail(where, "an image must have 1 or 3 channels", image.channels);
    const std::size_t bytes = image_bytes(image.height, image.width, image.channels);
    if (image.pixels.size() != bytes)
        fail(where, "an image must have height x width x channels values", image.pixels.size(), ", not ",
             bytes);
}
}  // namespace detail

namespace io {
/// Options of grid.
struct GridOptions {
    int columns = 10;                                 ///< images per row
    int border = 2;                                   ///< pixels between and around images, before scaling
    int scale = 1;                                    ///< each pixel becomes scale x scale pixels
    PixelRange range = PixelRange::minus_one_to_one;  ///< range of the values
    std::uint8_t border_value = 64;                   ///< grey level of the border
};
}  // namespace io

/// Arranges images (count, height, width, channels) in a grid, row by row. Values are mapped from the range
/// to 0 ... 255 and clamped; NaN becomes 0. Empty cells in the last row have the border's grey. Errors:
/// extents or options out of range; values that are not a whole number of images, at least one.
template <std::ranges::contiguous_range Values>
io::Image grid(const Values& images, int height, int width, int channels, const io::GridOptions& options) {
    if (height < 1 || width < 1 || channels < 1)
        fail("grid", "an image's extents must be positive", height, " x ", width, " x ", channels);
    if (options.columns < 1 || options.border < 0 || options.scale < 1)
        fail("grid", "columns and scale must be positive, border not negative", options.columns,
             " columns, scale ", options.scale, ", border ", options.border);
    const std::size_t sample_size = detail::image_bytes(height, width, channels);
    if (std::ranges::empty(images) || std::ranges::size(images) % sample_size != 0)
        fail("grid", "values must be a whole number of images, at least one", std::ranges::size(images),
             " values in images of ", sample_size);
    const int count = static_cast<int>(std::ranges::size(images) / sample_size);
    const int columns = std::min(options.columns, count);
    const int rows = (count + columns - 1) / columns;

    const int scale = options.scale;
    io::Image sheet{scale * (rows * (height + options.border) + options.border),
                    scale * (columns * (width + options.border) + options.border),
                    channels,
                    {}};
    sheet.pixels.assign(detail::image_bytes(sheet.height, sheet.width, channels), options.border_value);

    const double low = options.range == PixelRange::minus_one_to_one ? -1 : 0;
    const auto to_byte = [low](double value) {
        if (math::is_nan(value) || value <= low) return std::uint8_t{0};
        return static_cast<std::uint8_t>(std::lround(255 * (std::min(value, 1.0) - low) / (1 - low)));
    };
    for (int tile = 0; tile < count; ++tile) {
        const auto* image = std::ranges::data(images) + static_cast<std::size_t>(tile) * sample_size;
        const int top = scale * (options.border + tile / columns * (height + options.border));
        const int left = scale * (options.border + tile % columns * (width + options.border));
        for (int y = 0; y < scale * height; ++y)
            for (int x = 0; x < scale * width; ++x)
                for (int c = 0; c < channels; ++c)
                    sheet.pixels[detail::image_bytes(top + y, sheet.width, channels) +
                                 detail::image_bytes(1, left + x, channels) + static_cast<std::size_t>(c)] =
                        to_byte(static_cast<double>(image[((y / scale) * width + x / scale) * channels + c]));
    }
    return sheet;
}

}  // namespace gantry
