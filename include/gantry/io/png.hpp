#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/atomic_file.hpp>
#include <gantry/io/image.hpp>
#include <gantry/io/image_file.hpp>
#include <gantry/io/orientation.hpp>

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <png.h>

namespace gantry {

/// Writes an image as PNG, grey or RGB, atomically. Errors: an invalid image (see check_image); a file
/// that cannot be written.
inline void write_png(const std::filesystem::path& path, const io::Image& image) {
    detail::check_image("write_png", image);
    png_image header{};
    header.version = PNG_IMAGE_VERSION;
    header.width = static_cast<png_uint_32>(image.width);
    header.height = static_cast<png_uint_32>(image.height);
    header.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;

    png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(header);
    std::vector<std::byte> encoded(bytes);
    if (png_image_write_to_memory(&header, encoded.data(), &bytes, 0, image.pixels.data(), 0, nullptr) == 0)
        fail("write_png", "cannot encode " + path.string() + ": " + header.message);
    io::write_file(path, std::span(encoded).first(bytes));
}

namespace detail {
/// libpng's reader. The library requires an error handler that does not return: ours jumps back into `run`.
class PngReader {
public:
    PngReader()
        : png(png_create_read_struct_2(PNG_LIBPNG_VER_STRING, this, go_back, ignore_warning, this, allocate,
                                       deallocate)) {
        if (png != nullptr) info = png_create_info_struct(png);
        if (info == nullptr) {
            png_destroy_read_struct(&png, nullptr, nullptr);
            throw std::bad_alloc();
        }
    }
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;
    ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }

    /// Calls `action`, which calls libpng; returns false if it failed. A failure leaves `action` by longjmp,
    /// so it must not create objects with destructors. Throws std::bad_alloc if memory runs out, for which
    /// libpng has many messages, some of them warnings.
    template <class Action>
    bool run(const Action& action) {
        const bool good = setjmp(back_) == 0;
        if (good) action();
        if (memory_lacks_) throw std::bad_alloc();
        return good;
    }
    /// libpng's message for the last failure.
    std::string message() const { return message_.data(); }

    png_structp png = nullptr;
    png_infop info = nullptr;

private:
    [[noreturn]] static void go_back(png_structp png, png_const_charp message) {
        auto& self = *static_cast<PngReader*>(png_get_error_ptr(png));
        std::snprintf(self.message_.data(), self.message_.size(), "%s", message);
        std::longjmp(self.back_, 1);
    }
    static void ignore_warning(png_structp, png_const_charp) {}

    static png_voidp allocate(png_structp png, png_alloc_size_t size) {
        void* const memory = ::operator new(size, std::nothrow);
        if (memory == nullptr) static_cast<PngReader*>(png_get_mem_ptr(png))->memory_lacks_ = true;
        return memory;
    }
    static void deallocate(png_structp, png_voidp memory) { ::operator delete(memory); }

    std::jmp_buf back_;
    std::array<char, 100> message_{};
    bool memory_lacks_ = false;
};

/// The EXIF orientation, or 1 without EXIF data: see exif_orientation.
inline int png_orientation(png_structp png, png_infop info) {
    png_bytep exif = nullptr;
    png_uint_32 size = 0;
    if (png_get_eXIf_1(png, info, &size, &exif) == 0) return 1;
    std::vector<std::uint8_t> with_header{'E', 'x', 'i', 'f', 0, 0};
    with_header.insert(with_header.end(), exif, exif + size);
    return exif_orientation(with_header);
}

/// Composites over white and removes the last channel, alpha. Blends the stored (gamma-encoded) values, as
/// Pillow and browsers do, not linear light.
inline void lay_over_white(io::Image& image) {
    const auto channels = static_cast<std::size_t>(image.channels);
    auto to = image.pixels.begin();
    for (std::size_t pixel = 0; pixel < image.pixels.size(); pixel += channels) {
        const int alpha = image.pixels[pixel + channels - 1];
        for (std::size_t c = 0; c + 1 < channels; ++c)
            *to++ = static_cast<std::uint8_t>((image.pixels[pixel + c] * alpha + 255 * (255 - alpha) + 127) /
                                              255);
    }
    image.pixels.erase(to, image.pixels.end());
    --image.channels;
}
}  // namespace detail

namespace io {
/// Decodes a PNG file: see read_png. Reserves the memory that decoding needs in `memory`.
inline io::Image decode_png(const std::filesystem::path& path, DecodingMemory& memory) {
    const detail::ImageFile file("read_png", path);
    detail::PngReader reader;
    png_structp const png = reader.png;
    png_infop const info = reader.info;
    const auto run = [&](const auto& action) {
        if (!reader.run(action)) file.fail_damaged(reader.message());
    };

    run([&] {
        png_init_io(png, file.stream());
        png_read_info(png, info);
    });
    const std::uint64_t height = png_get_image_height(png, info), width = png_get_image_width(png, info);
    // Deflate's compression ratio is at most 1032.
    const std::uint64_t bits = std::uint64_t{png_get_bit_depth(png, info)} * png_get_channels(png, info);
    file.check_sides(height, width, 8 * 1032 * file.size() / bits);
    run([&] {
        png_set_expand(png);    // palette to RGB, fewer than 8 bits to 8, a transparent colour to alpha
        png_set_strip_16(png);  // 16 bits to their upper 8
        png_set_interlace_handling(png);
        png_read_update_info(png, info);
    });
    io::Image image{static_cast<int>(height), static_cast<int>(width), png_get_channels(png, info), {}};
    memory.take(detail::image_bytes(image.height, image.width, image.channels));
    image.pixels.resize(detail::image_bytes(image.height, image.width, image.channels));
    std::vector<png_bytep> rows(height);
    for (std::size_t y = 0; y < rows.size(); ++y)
        rows[y] = image.pixels.data() + y * image.pixels.size() / rows.size();
    run([&] { png_read_image(png, rows.data()); });

    // A missing end is not an error: apart from the orientation, nothing after the pixels is needed.
    reader.run([&] { png_read_end(png, info); });
    if (image.channels % 2 == 0) detail::lay_over_white(image);
    return detail::turn_upright(std::move(image), detail::png_orientation(png, info));
}
}  // namespace io

/// Reads a PNG, grey or RGB as in the file. EXIF orientation is applied. The values are the same as Pillow's,
/// except that transparency is composited over white (Image.alpha_composite; `convert("RGB")` of Pillow and
/// torchvision shows the stored colour instead), and 16-bit values are reduced to their upper 8 bits (Pillow
/// clips grey ones). As in Pillow, colour profiles and gamma are not applied. Errors: a file that is not a
/// PNG or is damaged; more than 2^27 pixels.
inline io::Image read_png(const std::filesystem::path& path) {
    io::DecodingMemory memory;
    return io::decode_png(path, memory);
}

}  // namespace gantry
