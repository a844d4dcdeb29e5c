#pragma once
#include <gantry/core/error.hpp>
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
#include <string>
#include <vector>

// jpeglib.h does not include what it uses: it stands after <cstdio>.
#include <jerror.h>
#include <jpeglib.h>

namespace gantry {

struct ReadJpegOptions {
    /// The picture may come at 1/2, 1/4 or 1/8 of its size, which takes a fraction of the time, as long as it
    /// is not smaller than this. By default it comes as it is.
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
    /// A warning (level -1) means that pixels are missing or wrong; but for three, which pictures of cameras
    /// and editors have, and which change nothing.
    static void take_message(j_common_ptr info, int level) {
        const int code = info->err->msg_code;
        if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM)
            go_back(info);
    }

    ErrorManager error_{};
};

/// A row of cyan, magenta, yellow and black as red, green and blue. Adobe's files hold 255 for no ink.
inline void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, int width, bool inverted) {
    for (int x = 0; x < width; ++x)
        for (int c = 0; c < 3; ++c) {
            const int flip = inverted ? 0 : 255;
            const int light = (cmyk[4 * x + c] ^ flip) * (cmyk[4 * x + 3] ^ flip);
            rgb[3 * x + c] = static_cast<std::uint8_t>((light + 127) / 255);
        }
}

}  // namespace detail

/// Reads a JPEG as a picture: grey as grey, all else (CMYK as well) as colour. The orientation that a camera
/// notes in EXIF is not applied. Throws an Error for a file that is no JPEG, or damaged, or has more than
/// 2^27 pixels.
inline Picture read_jpeg(const std::filesystem::path& path, const ReadJpegOptions& options = {}) {
    const std::vector<std::byte> encoded = detail::read_encoded_picture("read_jpeg", path);
    detail::JpegDecompressor jpeg;
    jpeg_decompress_struct& info = jpeg.info;
    const auto run = [&](const auto& action) {
        if (!jpeg.run(action)) fail("read_jpeg", "cannot read " + path.string() + ": " + jpeg.message());
    };

    run([&] {
        jpeg_create_decompress(&info);
        jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(encoded.data()), encoded.size());
        jpeg_read_header(&info, TRUE);
    });
    detail::check_decoded_size("read_jpeg", path, info.image_height, info.image_width);
    const bool grey = info.num_components == 1;
    const bool cmyk = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = grey ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
    for (const unsigned part : {2u, 4u, 8u})
        if (info.image_height / part >= static_cast<unsigned>(std::max(options.smallest_height, 1)) &&
            info.image_width / part >= static_cast<unsigned>(std::max(options.smallest_width, 1)))
            info.scale_denom = part;
    info.scale_num = 1;
    run([&] { jpeg_start_decompress(&info); });

    Picture picture{
        static_cast<int>(info.output_height), static_cast<int>(info.output_width), grey ? 1 : 3, {}};
    picture.pixels.resize(detail::picture_bytes(picture.height, picture.width, picture.channels));
    std::vector<std::uint8_t> cmyk_row(cmyk ? detail::picture_bytes(1, picture.width, 4) : 0);
    run([&] {
        while (info.output_scanline < info.output_height) {
            std::uint8_t* const row =
                picture.pixels.data() + detail::picture_bytes(static_cast<int>(info.output_scanline),
                                                              picture.width, picture.channels);
            std::uint8_t* decoded = cmyk ? cmyk_row.data() : row;
            jpeg_read_scanlines(&info, &decoded, 1);
            if (cmyk) detail::cmyk_to_rgb(decoded, row, picture.width, info.saw_Adobe_marker != 0);
        }
        jpeg_finish_decompress(&info);  // reads to the end: a file without one is truncated
    });
    return picture;
}

}  // namespace gantry
