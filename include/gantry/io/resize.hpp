#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/image.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <zimg.h>

namespace gantry {

namespace detail {

/// 64 bytes, the row alignment that zimg requires.
struct alignas(64) Line {
    std::array<std::uint8_t, 64> bytes{};
};

/// An image with planar channels, as zimg requires.
struct Planes {
    Planes(int plane_height, int plane_width, int planes)
        : height(plane_height),
          width(plane_width),
          channels(planes),
          lines_in_row((static_cast<std::size_t>(width) + sizeof(Line) - 1) / sizeof(Line)),
          lines(static_cast<std::size_t>(height) * static_cast<std::size_t>(channels) * lines_in_row) {}

    std::uint8_t* row(int channel, int y) { return lines[line(channel, y)].bytes.data(); }
    const std::uint8_t* row(int channel, int y) const { return lines[line(channel, y)].bytes.data(); }
    std::ptrdiff_t stride() const { return static_cast<std::ptrdiff_t>(lines_in_row * sizeof(Line)); }

    int height, width, channels;
    std::size_t lines_in_row;
    std::vector<Line> lines;

private:
    std::size_t line(int channel, int y) const {
        return static_cast<std::size_t>(channel * height + y) * lines_in_row;
    }
};

/// Resizes all planes to the size of `to`; height and width scale independently. Bilinear.
inline void resize_planes(const Planes& from, Planes& to) {
    const auto describe = [](const Planes& planes) {
        zimg_image_format format;
        zimg_image_format_default(&format, ZIMG_API_VERSION);
        format.height = static_cast<unsigned>(planes.height);
        format.width = static_cast<unsigned>(planes.width);
        format.pixel_type = ZIMG_PIXEL_BYTE;
        format.pixel_range = ZIMG_RANGE_FULL;
        format.color_family = planes.channels == 1 ? ZIMG_COLOR_GREY : ZIMG_COLOR_RGB;
        if (planes.channels != 1) format.matrix_coefficients = ZIMG_MATRIX_RGB;
        return format;
    };
    const auto check = [](bool success) {
        if (success) return;
        std::array<char, 256> message{};
        const zimg_error_code_e code = zimg_get_last_error(message.data(), message.size());
        // zimg does not always recognise lack of memory, and the sizes have been checked.
        if (code == ZIMG_ERROR_OUT_OF_MEMORY || code == ZIMG_ERROR_UNKNOWN) throw std::bad_alloc();
        fail("resize", std::string("zimg cannot scale this image: ") + message.data());
    };
    const zimg_image_format source = describe(from), destination = describe(to);
    zimg_graph_builder_params parameters;
    zimg_graph_builder_params_default(&parameters, ZIMG_API_VERSION);
    parameters.resample_filter = ZIMG_RESIZE_BILINEAR;
    const std::unique_ptr<zimg_filter_graph, decltype(&zimg_filter_graph_free)> graph(
        zimg_filter_graph_build(&source, &destination, &parameters), zimg_filter_graph_free);
    check(graph != nullptr);

    std::size_t scratch_bytes = 0;
    check(zimg_filter_graph_get_tmp_size(graph.get(), &scratch_bytes) == ZIMG_ERROR_SUCCESS);
    std::vector<Line> scratch(scratch_bytes / sizeof(Line) + 1);
    zimg_image_buffer_const input{};
    zimg_image_buffer output{};
    input.version = output.version = ZIMG_API_VERSION;
    for (int c = 0; c < to.channels; ++c) {
        input.plane[c] = {from.row(c, 0), from.stride(), ZIMG_BUFFER_MAX};
        output.plane[c] = {to.row(c, 0), to.stride(), ZIMG_BUFFER_MAX};
    }
    check(zimg_filter_graph_process(graph.get(), &input, &output, scratch.data(), nullptr, nullptr, nullptr,
                                    nullptr) == ZIMG_ERROR_SUCCESS);
}

}  // namespace detail

/// Crops the largest centred part with the aspect ratio height : width and resizes it to that size. Bilinear
/// filter: antialiased when shrinking (the filter is as wide as an output pixel), interpolated when
/// enlarging. Errors: an invalid image (see check_image); sides outside [1, 65535].
inline io::Image resize_to_fill(const io::Image& image, int height, int width) {
    detail::check_image("resize", image);
    if (height < 1 || width < 1 || height > 65535 || width > 65535)
        fail("resize", "an image's sides must be from 1 to 65535", height, " x ", width);
    // The largest centred part with this aspect ratio, to the nearest pixel.
    const auto part = [](int side, double wanted) {
        return std::clamp(static_cast<int>(std::lround(wanted)), 1, side);
    };
    detail::Planes middle(part(image.height, static_cast<double>(image.width) * height / width),
                          part(image.width, static_cast<double>(image.height) * width / height),
                          image.channels);
    const int top = (image.height - middle.height) / 2;
    const int left = (image.width - middle.width) / 2;
    for (int y = 0; y < middle.height; ++y) {
        const std::uint8_t* const from = image.pixels.data() +
                                         detail::image_bytes(top + y, image.width, image.channels) +
                                         detail::image_bytes(1, left, image.channels);
        for (int c = 0; c < image.channels; ++c) {
            std::uint8_t* const to = middle.row(c, y);
            for (int x = 0; x < middle.width; ++x) to[x] = from[x * image.channels + c];
        }
    }

    detail::Planes scaled(height, width, image.channels);
    detail::resize_planes(middle, scaled);
    io::Image result{height, width, image.channels, {}};
    result.pixels.resize(detail::image_bytes(height, width, image.channels));
    auto to = result.pixels.begin();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < image.channels; ++c) *to++ = scaled.row(c, y)[x];
    return result;
}

}  // namespace gantry
