#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/image.hpp>
#include <gantry/io/image_file.hpp>
#include <gantry/io/orientation.hpp>

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

// jpeglib.h does not include <cstdio>, which it uses, so it comes after it.
#include <jerror.h>
#include <jpeglib.h>

namespace gantry {

namespace io {
/// Options of read_jpeg.
struct ReadJpegOptions {
    /// Allows decoding at 1/2, 1/4 or 1/8 of the size, which takes a fraction of the time, as long as the
    /// upright image has at least this height and width, in pixels. Default: full size.
    int smallest_height = std::numeric_limits<int>::max();
    int smallest_width = std::numeric_limits<int>::max();  ///< see smallest_height
};
}  // namespace io

namespace detail {
/// libjpeg's decompressor. libjpeg calls exit() on errors; this error handler jumps back into `run` instead.
class JpegDecompressor {
public:
    JpegDecompressor() {
        info.err = jpeg_std_error(&error_.manager);
        error_.manager.error_exit = go_back;
        error_.manager.emit_message = take_message;
        run([&] { jpeg_create_decompress(&info); });
        progress_.progress_monitor = limit_scans;
        info.progress = &progress_;
    }
    JpegDecompressor(const JpegDecompressor&) = delete;
    JpegDecompressor& operator=(const JpegDecompressor&) = delete;
    ~JpegDecompressor() { jpeg_destroy_decompress(&info); }

    /// Calls `action`, which calls libjpeg; returns false if it failed. A failure leaves `action` by longjmp,
    /// so it must not create objects with destructors. Throws std::bad_alloc if memory runs out.
    template <class Action>
    bool run(const Action& action) {
        if (setjmp(error_.back) != 0) {
            if (error_.manager.msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
            return false;
        }
        action();
        return true;
    }
    /// libjpeg's message for the last failure.
    std::string message() const { return error_.text.data(); }

    jpeg_decompress_struct info{};

private:
    struct ErrorManager {
        jpeg_error_mgr manager;  // first, so that libjpeg's pointer to it also points to this struct
        std::jmp_buf back;
        std::array<char, JMSG_LENGTH_MAX> text;
    };

    [[noreturn]] static void go_back(j_common_ptr info) {
        auto* error = reinterpret_cast<ErrorManager*>(info->err);
        error->manager.format_message(info, error->text.data());
        std::longjmp(error->back, 1);
    }
    /// Each scan passes over all pixels, so a small file with many scans could take minutes to decode.
    /// Encoders write about ten.
    static void limit_scans(j_common_ptr info) {
        if (reinterpret_cast<jpeg_decompress_struct*>(info)->input_scan_number <= most_scans) return;
        auto* error = reinterpret_cast<ErrorManager*>(info->err);
        std::snprintf(error->text.data(), error->text.size(), "it has more than %d scans", most_scans);
        std::longjmp(error->back, 1);
    }
    /// Treats warnings (level -1) as errors, since pixels are missing or wrong; except three that are
    /// harmless and occur in the files of cameras and editors.
    static void take_message(j_common_ptr info, int level) {
        const int code = info->err->msg_code;
        if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM)
            go_back(info);
    }

    static constexpr int most_scans = 100;

    ErrorManager error_{};
    jpeg_progress_mgr progress_{};
};

/// Converts a row from CMYK to RGB. 255 means no ink, Adobe's convention; like Pillow and torchvision, this
/// assumes it for files without an Adobe marker too.
inline void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, int width) {
    for (int x = 0; x < width; ++x)
        for (int c = 0; c < 3; ++c)
            rgb[3 * x + c] = static_cast<std::uint8_t>((cmyk[4 * x + c] * cmyk[4 * x + 3] + 127) / 255);
}

/// The EXIF orientation, or 1 without EXIF data: see exif_orientation.
inline int jpeg_orientation(const jpeg_decompress_struct& info) {
    for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr; marker = marker->next) {
        const std::span<const std::uint8_t> data(marker->data, marker->data_length);
        constexpr std::array<std::uint8_t, 6> exif{'E', 'x', 'i', 'f', 0, 0};
        if (data.size() > exif.size() && std::equal(exif.begin(), exif.end(), data.begin()))
            return exif_orientation(data);
    }
    return 1;
}

/// Makes the decoder scale down by 2, 4 or 8, as far as the upright image keeps the smallest sides.
inline void scale_while_decoding(jpeg_decompress_struct& info, const io::ReadJpegOptions& options,
                                 int orientation) {
    auto [least_height, least_width] = std::pair(options.smallest_height, options.smallest_width);
    if (turns_on_side(orientation)) std::swap(least_height, least_width);
    for (const unsigned part : {2u, 4u, 8u})
        if (info.image_height / part >= static_cast<unsigned>(std::max(least_height, 1)) &&
            info.image_width / part >= static_cast<unsigned>(std::max(least_width, 1)))
            info.scale_denom = part;
    info.scale_num = 1;
    jpeg_calc_output_dimensions(&info);
}

}  // namespace detail

namespace io {
/// Decodes a JPEG file: see read_jpeg. Reserves the memory that decoding needs in `memory`.
inline io::Image decode_jpeg(const std::filesystem::path& path, const ReadJpegOptions& options,
                             DecodingMemory& memory) {
    const detail::ImageFile file("read_jpeg", path);
    detail::JpegDecompressor jpeg;
    jpeg_decompress_struct& info = jpeg.info;
    const auto run = [&](const auto& action) {
        if (!jpeg.run(action)) file.fail_damaged(jpeg.message());
    };

    run([&] {
        jpeg_stdio_src(&info, file.stream());
        jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
        jpeg_read_header(&info, TRUE);
    });
    // A block of 8 x 8 pixels takes at least one bit, except with arithmetic coding, which is rarely used.
    file.check_sides(info.image_height, info.image_width,
                     info.arith_code ? std::uint64_t{1} << 27 : 8 * 64 * file.size());
    const bool grey = info.num_components == 1;
    const bool cmyk = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = grey ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
    const int orientation = detail::jpeg_orientation(info);
    detail::scale_while_decoding(info, options, orientation);

    io::Image image{
        static_cast<int>(info.output_height), static_cast<int>(info.output_width), grey ? 1 : 3, {}};
    const std::size_t bytes = detail::image_bytes(image.height, image.width, image.channels);
    // For multiple scans libjpeg holds two bytes per value of the full-size image.
    const std::size_t kept =
        jpeg_has_multiple_scans(&info) != 0
            ? 2 * detail::image_bytes(static_cast<int>(info.image_height), static_cast<int>(info.image_width),
                                      info.num_components)
            : 0;
    memory.take(bytes + kept);
    run([&] { jpeg_start_decompress(&info); });
    image.pixels.resize(bytes);
    std::vector<std::uint8_t> cmyk_row(cmyk ? detail::image_bytes(1, image.width, 4) : 0);
    run([&] {
        while (info.output_scanline < info.output_height) {
            std::uint8_t* const row =
                image.pixels.data() +
                detail::image_bytes(static_cast<int>(info.output_scanline), image.width, image.channels);
            std::uint8_t* decoded = cmyk ? cmyk_row.data() : row;
            jpeg_read_scanlines(&info, &decoded, 1);
            if (cmyk) detail::cmyk_to_rgb(decoded, row, image.width);
        }
        jpeg_finish_decompress(&info);  // reads to the end, so that a truncated file is an error
    });
    return detail::turn_upright(std::move(image), orientation);
}
}  // namespace io

/// Reads a JPEG: grey stays grey, everything else (CMYK too) becomes RGB. EXIF orientation is applied, as by
/// Pillow's ImageOps.exif_transpose; torchvision's ImageFolder ignores it. The values are the same as
/// Pillow's; as in Pillow, colour profiles are not applied. Errors: a file that is not a JPEG or is damaged;
/// more than 2^27 pixels or 100 scans.
inline io::Image read_jpeg(const std::filesystem::path& path, const io::ReadJpegOptions& options = {}) {
    io::DecodingMemory memory;
    return io::decode_jpeg(path, options, memory);
}

}  // namespace gantry
