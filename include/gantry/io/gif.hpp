#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/atomic_file.hpp>
#include <gantry/io/picture.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <gif_lib.h>

namespace gantry {

namespace detail {

/// GIF has at most 256 colours. Grey pictures are kept exactly; colour gets 6 x 7 x 6 levels of red, green
/// and blue, the same in every frame, so that nothing flickers.
struct GifColours {
    static constexpr std::array<int, 3> levels{6, 7, 6};

    static std::array<GifColorType, 256> palette(int channels) {
        std::array<GifColorType, 256> colours{};
        for (int i = 0; i < 256; ++i) {
            auto& colour = colours[static_cast<std::size_t>(i)];
            if (channels == 1) {
                colour.Red = colour.Green = colour.Blue = static_cast<GifByteType>(i);
            } else {
                colour.Red = shade(i / (levels[1] * levels[2]), levels[0]);
                colour.Green = shade(i / levels[2] % levels[1], levels[1]);
                colour.Blue = shade(i % levels[2], levels[2]);
            }
        }
        return colours;
    }
    /// The palette's index for the pixel at (y, x). An ordered dither (Bayer 1973) hides the steps between
    /// the levels of colour.
    static GifByteType index(const Picture& picture, int y, int x) {
        const std::size_t at =
            picture_bytes(y, picture.width, picture.channels) + picture_bytes(1, x, picture.channels);
        if (picture.channels == 1) return picture.pixels[at];
        constexpr int bayer[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
        const int threshold = 255 * (2 * bayer[y % 4][x % 4] + 1) / 32;  // spread evenly over 0 ... 255
        int result = 0;
        for (std::size_t c = 0; c < 3; ++c)
            result = result * levels[c] + (picture.pixels[at + c] * (levels[c] - 1) + threshold) / 255;
        return static_cast<GifByteType>(result);
    }

private:
    static GifByteType shade(int level, int of) {
        return static_cast<GifByteType>(std::min(255, level * 255 / (of - 1)));
    }
};

}  // namespace detail

/// Writes pictures of one size as an animated GIF that loops for ever, atomically. There is no way to add to
/// a GIF: after a resume, read the earlier frames back from where they are kept as PNG, and write it anew.
/// Browsers show at most 50 frames a second.
inline void write_gif(const std::filesystem::path& path, std::span<const Picture> frames,
                      int frames_per_second) {
    if (frames.empty()) fail("write_gif", "an animation needs at least one frame", frames.size());
    if (frames_per_second < 1 || frames_per_second > 50)
        fail("write_gif", "frames per second must be from 1 to 50", frames_per_second);
    const Picture& first = frames.front();
    for (const Picture& frame : frames) {
        detail::check_picture("write_gif", frame);
        if (frame.height != first.height || frame.width != first.width || frame.channels != first.channels)
            fail("write_gif", "all frames must have the same size", first.height, " x ", first.width, " x ",
                 first.channels, " and ", frame.height, " x ", frame.width, " x ", frame.channels);
    }

    std::vector<GifByteType> encoded;
    // Called by C code, which no exception may pass through.
    const auto append = [](GifFileType* file, const GifByteType* bytes, int count) noexcept {
        auto& out = *static_cast<std::vector<GifByteType>*>(file->UserData);
        try {
            out.insert(out.end(), bytes, bytes + count);
        } catch (const std::bad_alloc&) {
            return 0;
        }
        return count;
    };
    int error = 0;
    struct Close {
        void operator()(GifFileType* file) const { EGifCloseFile(file, nullptr); }
    };
    std::unique_ptr<GifFileType, Close> gif(EGifOpen(&encoded, append, &error));
    const auto check = [&](bool success) {
        if (success) return;
        const char* const message = GifErrorString(gif ? gif->Error : error);
        fail("write_gif", "cannot encode " + path.string() + ": " + (message ? message : "out of memory"));
    };
    check(gif != nullptr);

    const auto palette = detail::GifColours::palette(first.channels);
    const std::unique_ptr<ColorMapObject, decltype(&GifFreeMapObject)> colours(
        GifMakeMapObject(static_cast<int>(palette.size()), palette.data()), GifFreeMapObject);
    check(colours != nullptr);
    EGifSetGifVersion(gif.get(), true);
    check(EGifPutScreenDesc(gif.get(), first.width, first.height, 8, 0, colours.get()) == GIF_OK);

    // "Loop for ever", as Netscape 2.0 defined it: sub-block 1, then the number of rounds, 0 for no end.
    constexpr std::array<GifByteType, 3> loop{1, 0, 0};
    check(EGifPutExtensionLeader(gif.get(), APPLICATION_EXT_FUNC_CODE) == GIF_OK);
    check(EGifPutExtensionBlock(gif.get(), 11, "NETSCAPE2.0") == GIF_OK);
    check(EGifPutExtensionBlock(gif.get(), static_cast<int>(loop.size()), loop.data()) == GIF_OK);
    check(EGifPutExtensionTrailer(gif.get()) == GIF_OK);

    const GraphicsControlBlock timing{
        DISPOSE_DO_NOT, false, (100 + frames_per_second / 2) / frames_per_second, NO_TRANSPARENT_COLOR};
    std::array<GifByteType, 4> extension{};
    EGifGCBToExtension(&timing, extension.data());
    std::vector<GifByteType> line(static_cast<std::size_t>(first.width));
    for (const Picture& frame : frames) {
        check(EGifPutExtension(gif.get(), GRAPHICS_EXT_FUNC_CODE, static_cast<int>(extension.size()),
                               extension.data()) == GIF_OK);
        check(EGifPutImageDesc(gif.get(), 0, 0, frame.width, frame.height, false, nullptr) == GIF_OK);
        for (int y = 0; y < frame.height; ++y) {
            for (int x = 0; x < frame.width; ++x)
                line[static_cast<std::size_t>(x)] = detail::GifColours::index(frame, y, x);
            check(EGifPutLine(gif.get(), line.data(), frame.width) == GIF_OK);
        }
    }
    const int closed = EGifCloseFile(gif.release(), &error);
    check(closed == GIF_OK);
    write_file(path, std::as_bytes(std::span(encoded)));
}

}  // namespace gantry
