#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/atomic_file.hpp>
#include <gantry/io/picture.hpp>
#include <gantry/io/picture_file.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <png.h>

namespace gantry {

/// Writes a picture as PNG, atomically.
inline void write_png(const std::filesystem::path& path, const Picture& picture) {
    detail::check_picture("write_png", picture);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(picture.width);
    image.height = static_cast<png_uint_32>(picture.height);
    image.format = picture.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;

    png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::vector<std::byte> encoded(bytes);
    if (png_image_write_to_memory(&image, encoded.data(), &bytes, 0, picture.pixels.data(), 0, nullptr) == 0)
        fail("write_png", "cannot encode " + path.string() + ": " + image.message);
    write_file(path, std::span(encoded).first(bytes));
}

/// Reads a PNG as a picture: grey or colour as the file has it, transparency over white, 16 bits as 8. Throws
/// an Error for a file that is no PNG, or damaged, or has more than 2^27 pixels.
inline Picture read_png(const std::filesystem::path& path) {
    const std::vector<std::byte> encoded = detail::read_encoded_picture("read_png", path);

    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    const std::unique_ptr<png_image, decltype(&png_image_free)> freed(&image, png_image_free);
    const auto check = [&](int success) {
        if (success == 0) fail("read_png", "cannot read " + path.string() + ": " + image.message);
    };
    check(png_image_begin_read_from_memory(&image, encoded.data(), encoded.size()));
    detail::check_decoded_size("read_png", path, image.height, image.width);
    image.format = (image.format & PNG_FORMAT_FLAG_COLOR) != 0 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // libpng takes 16 bits for linear light otherwise
    Picture picture{static_cast<int>(image.height),
                    static_cast<int>(image.width),
                    static_cast<int>(PNG_IMAGE_PIXEL_CHANNELS(image.format)),
                    {}};
    picture.pixels.resize(detail::picture_bytes(picture.height, picture.width, picture.channels));
    const png_color white{255, 255, 255};
    check(png_image_finish_read(&image, &white, picture.pixels.data(), 0, nullptr));
    return picture;
}

}  // namespace gantry
