#pragma once
#include <gantry/io/picture.hpp>

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

/// True if turning the picture upright swaps height and width.
inline bool turns_on_side(int orientation) { return orientation >= 5; }

/// Rotates and mirrors the picture to upright.
inline Picture turn_upright(Picture picture, int orientation) {
    if (orientation == 1) return picture;
    const bool on_side = turns_on_side(orientation);
    const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    Picture upright{on_side ? picture.width : picture.height,
                    on_side ? picture.height : picture.width,
                    picture.channels,
                    {}};
    upright.pixels.resize(picture.pixels.size());
    auto to = upright.pixels.begin();
    for (int y = 0; y < upright.height; ++y)
        for (int x = 0; x < upright.width; ++x) {
            auto [row, column] = on_side ? std::pair(x, y) : std::pair(y, x);
            if (from_bottom) row = picture.height - 1 - row;
            if (from_right) column = picture.width - 1 - column;
            const std::uint8_t* const pixel = picture.pixels.data() +
                                              picture_bytes(row, picture.width, picture.channels) +
                                              picture_bytes(1, column, picture.channels);
            to = std::copy_n(pixel, picture.channels, to);
        }
    return upright;
}

}  // namespace gantry::detail
