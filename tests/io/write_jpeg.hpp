#pragma once
#include "io/temporary_folder.hpp"
#include <gantry/io/image.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <jpeglib.h>

struct WriteJpegOptions {
    J_COLOR_SPACE stored = JCS_YCbCr;  ///< for three channels; one is grey, four are CMYK
    bool progressive = false;
    bool many_scans = false;  ///< for a grey image: 127 scans of one coefficient each
    bool adobe_marker = false;
    std::string xmp{};   ///< another APP1 marker before EXIF's; empty: none
    std::string exif{};  ///< from "Exif\0\0" on; empty: none
};

/// Writes a JPEG of quality 100 with one, three or four channels, without chroma subsampling.
inline void write_jpeg(const std::filesystem::path& path, const gantry::io::Image& image,
                       const WriteJpegOptions& options = {}) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_height = static_cast<JDIMENSION>(image.height);
    info.image_width = static_cast<JDIMENSION>(image.width);
    info.input_components = image.channels;
    info.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : image.channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&info);
    jpeg_set_colorspace(&info, image.channels == 3 ? options.stored : info.in_color_space);
    jpeg_set_quality(&info, 100, TRUE);
    for (int c = 0; c < info.num_components; ++c)
        info.comp_info[c].h_samp_factor = info.comp_info[c].v_samp_factor = 1;
    if (options.progressive) jpeg_simple_progression(&info);
    std::vector<jpeg_scan_info> scans;
    if (options.many_scans) {
        scans.push_back({1, {0}, 0, 0, 0, 0});
        for (int coefficient = 1; coefficient < 64; ++coefficient)
            for (const int bit : {1, 0}) scans.push_back({1, {0}, coefficient, coefficient, 1 - bit, bit});
        info.scan_info = scans.data();
        info.num_scans = static_cast<int>(scans.size());
    }
    info.write_Adobe_marker = options.adobe_marker ? TRUE : FALSE;
    jpeg_start_compress(&info, TRUE);
    for (const std::string& data : {options.xmp, options.exif})
        if (!data.empty())
            jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(data.data()),
                              static_cast<unsigned>(data.size()));
    while (info.next_scanline < info.image_height) {
        auto* row =
            const_cast<JSAMPROW>(image.pixels.data()) +
            gantry::detail::image_bytes(static_cast<int>(info.next_scanline), image.width, image.channels);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    put_file(path, {reinterpret_cast<const char*>(bytes), size});
    std::free(bytes);
}
