#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/orientation.hpp>
#include <gantry/io/picture.hpp>
#include <gantry/io/picture_file.hpp>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

// jpeglib.h does not include what it uses: it stands after <cstdio>.
#include <jerror.h>
#include <jpeglib.h>

namespace gantry {

struct ReadJpegOptions {
    /// The upright picture may come at 1/2, 1/4 or 1/8 of its size, which takes a fraction of the time, as
    /// long as it is not smaller than this. By default it comes as it is.
    int smallest_height = std::numeric_limits<int>::max();
    int smallest_width = std::numeric_limits<int>::max();
};

namespace detail {

/// libjpeg's decompressor. The library's own way of an error is exit(): ours goes back to `run`.
class JpegDecompressor {
public:
    JpegDecompressor() {
        info.err = jpeg_std_error(&error_.manager);
        error_.manager.error_exit = go_back;
        error_.manager.emit_message = take_message;
        if (!run([&] { jpeg_create_decompress(&info); })) throw std::bad_alloc();
        progress_.progress_monitor = limit_scans;
        info.progress = &progress_;
    }
    JpegDecompressor(const JpegDecompressor&) = delete;
    JpegDecompressor& operator=(const JpegDecompressor&) = delete;
    ~JpegDecompressor() { jpeg_destroy_decompress(&info); }

    /// Calls functions of libjpeg; false if one of them failed. The action is left by a longjmp then: nothing
    /// that it makes may have a destructor.
    template <class Action>
    bool run(const Action& action) {
        if (setjmp(error_.back) != 0) return false;
        action();
        return true;
    }
    /// Why the last run failed.
    std::string message() const { return error_.text.data(); }

    jpeg_decompress_struct info{};

private:
    struct ErrorManager {
        jpeg_error_mgr manager;  // first: libjpeg knows a pointer to it, which is one to the whole
        std::jmp_buf back;
        std::array<char, JMSG_LENGTH_MAX> text;
    };

    [[noreturn]] static void go_back(j_common_ptr info) {
        auto* error = reinterpret_cast<ErrorManager*>(info->err);
        error->manager.format_message(info, error->text.data());
        std::longjmp(error->back, 1);
    }
    /// A small file can have scans for minutes: each one passes over all pixels. Programs write about ten.
    static void limit_scans(j_common_ptr info) {
        if (reinterpret_cast<jpeg_decompress_struct*>(info)->input_scan_number <= most_scans) return;
        auto* error = reinterpret_cast<ErrorManager*>(info->err);
        std::snprintf(error->text.data(), error->text.size(), "it has more than %d scans", most_scans);
        std::longjmp(error->back, 1);
    }
    /// A warning (level -1) means that pixels are missing or wrong; but for three, which pictures of cameras
    /// and editors have, and which change nothing.
    static void take_message(j_common_ptr info, int level) {
        const int code = info->err->msg_code;
        if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM)
            go_back(info);
    }

    static constexpr int most_scans = 100;

    ErrorManager error_{};
    jpeg_progress_mgr progress_{};
};

/// A row of cyan, magenta, yellow and black as red, green and blue. 255 is no ink, as Adobe's programs write
/// it; like Pillow and torchvision, we take it for granted in files that do not say whose they are.
inline void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, int width) {
    for (int x = 0; x < width; ++x)
        for (int c = 0; c < 3; ++c)
            rgb[3 * x + c] = static_cast<std::uint8_t>((cmyk[4 * x + c] * cmyk[4 * x + 3] + 127) / 255);
}

/// The orientation that a camera noted, if it did: see exif_orientation.
inline int jpeg_orientation(const jpeg_decompress_struct& info) {
    for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr; marker = marker->next) {
        const std::span<const std::uint8_t> data(marker->data, marker->data_length);
        constexpr std::array<std::uint8_t, 6> exif{'E', 'x', 'i', 'f', 0, 0};
        if (data.size() > exif.size() && std::equal(exif.begin(), exif.end(), data.begin()))
            return exif_orientation(data);
    }
    return 1;
}

/// `memory` is taken for the picture.
inline Picture decode_jpeg(const std::filesystem::path& path, const ReadJpegOptions& options,
                           DecodingMemory& memory) {
    const PictureFile file("read_jpeg", path);
    JpegDecompressor jpeg;
    jpeg_decompress_struct& info = jpeg.info;
    const auto run = [&](const auto& action) {
        if (!jpeg.run(action)) file.fail_damaged(jpeg.message());
    };

    run([&] {
        jpeg_stdio_src(&info, file.stream());
        jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
        jpeg_read_header(&info, TRUE);
    });
    // A block of 8 x 8 pixels takes a bit at least, but for the arithmetic code, which is hardly used.
    file.check_sides(info.image_height, info.image_width,
                     info.arith_code ? std::uint64_t{1} << 27 : 8 * 64 * file.size());
    const bool grey = info.num_components == 1;
    const bool cmyk = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = grey ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
    const int orientation = jpeg_orientation(info);
    auto [least_height, least_width] = std::pair(options.smallest_height, options.smallest_width);
    if (turns_on_side(orientation)) std::swap(least_height, least_width);
    for (const unsigned part : {2u, 4u, 8u})
        if (info.image_height / part >= static_cast<unsigned>(std::max(least_height, 1)) &&
            info.image_width / part >= static_cast<unsigned>(std::max(least_width, 1)))
            info.scale_denom = part;
    info.scale_num = 1;
    jpeg_calc_output_dimensions(&info);

    Picture picture{
        static_cast<int>(info.output_height), static_cast<int>(info.output_width), grey ? 1 : 3, {}};
    const std::size_t bytes = picture_bytes(picture.height, picture.width, picture.channels);
    // With several scans libjpeg keeps two bytes for each value of the whole picture.
    const std::size_t kept = jpeg_has_multiple_scans(&info) != 0
                                 ? 2 * picture_bytes(static_cast<int>(info.image_height),
                                                     static_cast<int>(info.image_width), info.num_components)
                                 : 0;
    memory.take(bytes + kept);
    run([&] { jpeg_start_decompress(&info); });
    picture.pixels.resize(bytes);
    std::vector<std::uint8_t> cmyk_row(cmyk ? picture_bytes(1, picture.width, 4) : 0);
    run([&] {
        while (info.output_scanline < info.output_height) {
            std::uint8_t* const row =
                picture.pixels.data() +
                picture_bytes(static_cast<int>(info.output_scanline), picture.width, picture.channels);
            std::uint8_t* decoded = cmyk ? cmyk_row.data() : row;
            jpeg_read_scanlines(&info, &decoded, 1);
            if (cmyk) cmyk_to_rgb(decoded, row, picture.width);
        }
        jpeg_finish_decompress(&info);  // reads to the end: a file without one is truncated
    });
    return turn_upright(std::move(picture), orientation);
}

}  // namespace detail

/// Reads a JPEG as a picture: grey as grey, all else (CMYK as well) as colour, upright (EXIF's orientation is
/// applied, as by Pillow's ImageOps.exif_transpose; torchvision's ImageFolder leaves it out). The values are
/// those that Pillow gives. Colour profiles are not applied, as there. Throws an Error for a file that is no
/// JPEG, or damaged, or has more than 2^27 pixels or 100 scans.
inline Picture read_jpeg(const std::filesystem::path& path, const ReadJpegOptions& options = {}) {
    detail::DecodingMemory memory;
    return detail::decode_jpeg(path, options, memory);
}

}  // namespace gantry
