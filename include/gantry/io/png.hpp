#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/atomic_file.hpp>
#include <gantry/io/file.hpp>
#include <gantry/io/picture.hpp>

#include <cstddef>
#include <filesystem>
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

/// Reads a PNG as a picture: grey or colour as the file has it, transparency over black.
inline Picture read_png(const std::filesystem::path& path) {
    File file(path, File::Mode::read);
    std::vector<std::byte> encoded(file.size());
    file.read(encoded);

    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    const auto check = [&](int success) {
        if (success != 0) return;
        const std::string message = image.message;
        png_image_free(&image);
        fail("read_png", "cannot read " + path.string() + ": " + message);
    };
    check(png_image_begin_read_from_memory(&image, encoded.data(), encoded.size()));
    image.format = (image.format & PNG_FORMAT_FLAG_COLOR) != 0 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    Picture picture{static_cast<int>(image.height),
                    static_cast<int>(image.width),
                    static_cast<int>(PNG_IMAGE_PIXEL_CHANNELS(image.format)),
                    {}};
    if (image.height > 65535 || image.width > 65535) {
        png_image_free(&image);
        fail("read_png", path.string() + " must have sides of at most 65535", image.height, " x ",
             image.width);
    }
    picture.pixels.resize(detail::picture_bytes(picture.height, picture.width, picture.channels));
    const png_color black{0, 0, 0};
    check(png_image_finish_read(&image, &black, picture.pixels.data(), 0, nullptr));
    return picture;
}

}  // namespace gantry
