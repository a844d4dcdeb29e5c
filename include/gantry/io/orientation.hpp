#pragma once
#include <gantry/io/image.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <libexif/exif-data.h>

namespace gantry::detail {

/// The EXIF orientation (tag 0x0112): 1 is upright, 2 to 8 are mirrored or rotated. `exif` begins with
/// "Exif\0\0". Missing and undefined values give 1.
inline int exif_orientation(std::span<const std::uint8_t> exif) {
    const std::unique_ptr<ExifData, decltype(&exif_data_unref)> data(
        exif_data_new_from_data(exif.data(), static_cast<unsigned>(exif.size())), exif_data_unref);
    if (!data) return 1;
    const ExifEntry* const entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->components != 1) return 1;
    const int orientation = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/// True if turning the image upright swaps height and width.
inline bool turns_on_side(int orientation) { return orientation >= 5; }

/// Rotates and mirrors the image to upright.
inline io::Image turn_upright(io::Image image, int orientation) {
    if (orientation == 1) return image;
    const bool on_side = turns_on_side(orientation);
    const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    io::Image upright{
        on_side ? image.width : image.height, on_side ? image.height : image.width, image.channels, {}};
    upright.pixels.resize(image.pixels.size());
    auto to = upright.pixels.begin();
    for (int y = 0; y < upright.height; ++y)
        for (int x = 0; x < upright.width; ++x) {
            auto [row, column] = on_side ? std::pair(x, y) : std::pair(y, x);
            if (from_bottom) row = image.height - 1 - row;
            if (from_right) column = image.width - 1 - column;
            const std::uint8_t* const pixel = image.pixels.data() +
                                              image_bytes(row, image.width, image.channels) +
                                              image_bytes(1, column, image.channels);
            to = std::copy_n(pixel, image.channels, to);
        }
    return upright;
}

}  // namespace gantry::detail
