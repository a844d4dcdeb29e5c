#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/atomic_file.hpp>
#include <gantry/io/image.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gif_lib.h>

namespace gantry {

namespace detail {

/// Palette of a GIF, which has at most 256 colours. Grey is exact; colour is quantised to 6 x 7 x 6 levels of
/// red, green and blue, the same in every frame to avoid flicker.
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
    /// Palette index of the pixel at (y, x), with ordered dithering (Bayer 1973) to hide colour banding.
    static GifByteType index(const io::Image& image, int y, int x) {
        const std::size_t at =
            image_bytes(y, image.width, image.channels) + image_bytes(1, x, image.channels);
        if (image.channels == 1) return image.pixels[at];
        constexpr int bayer[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
        const int threshold = 255 * (2 * bayer[y % 4][x % 4] + 1) / 32;  // evenly spaced in [0, 255]
        int result = 0;
        for (std::size_t c = 0; c < 3; ++c)
            result = result * levels[c] + (image.pixels[at + c] * (levels[c] - 1) + threshold) / 255;
        return static_cast<GifByteType>(result);
    }

private:
    static GifByteType shade(int level, int of) {
        return static_cast<GifByteType>(std::min(255, level * 255 / (of - 1)));
    }
};

}  // namespace detail

/// Writes an endlessly looping animated GIF frame by frame, atomically. A finished GIF cannot be extended: to
/// continue after a resume, keep the frames as PNG files and write the GIF again. Browsers show at most 50
/// frames per second.
///     GifWriter gif("samples.gif", 8);
///     for (...) gif.add(image);
///     gif.commit();
class GifWriter {
public:
    /// Errors: frames_per_second outside [1, 50], which is rounded to a delay in 1/100 s; a file that cannot
    /// be created.
    GifWriter(const std::filesystem::path& path, int frames_per_second) : path_(path), file_(path) {
        if (frames_per_second < 1 || frames_per_second > 50)
            fail("write_gif", "frames per second must be from 1 to 50", frames_per_second);
        hundredths_ = (100 + frames_per_second / 2) / frames_per_second;
    }

    /// Appends a frame. Errors: a size or number of channels other than the first frame's.
    void add(const io::Image& frame) {
        detail::check_image("write_gif", frame);
        if (!gif_) begin(frame);
        if (frame.height != height_ || frame.width != width_ || frame.channels != channels_)
            fail("write_gif", "all frames must have the same size", height_, " x ", width_, " x ", channels_,
                 " and ", frame.height, " x ", frame.width, " x ", frame.channels);
        const GraphicsControlBlock timing{DISPOSE_DO_NOT, false, hundredths_, NO_TRANSPARENT_COLOR};
        std::array<GifByteType, 4> extension{};
        EGifGCBToExtension(&timing, extension.data());
        check(EGifPutExtension(gif_.get(), GRAPHICS_EXT_FUNC_CODE, static_cast<int>(extension.size()),
                               extension.data()));
        check(EGifPutImageDesc(gif_.get(), 0, 0, width_, height_, false, nullptr));
        std::vector<GifByteType> line(static_cast<std::size_t>(width_));
        for (int y = 0; y < height_; ++y) {
            for (int x = 0; x < width_; ++x)
                line[static_cast<std::size_t>(x)] = detail::GifColours::index(frame, y, x);
            check(EGifPutLine(gif_.get(), line.data(), width_));
        }
    }

    /// Completes the file and renames it into place. Errors: no frame was added.
    void commit() {
        if (!gif_) fail("write_gif", "an animation needs at least one frame", 0);
        int error = 0;
        const int closed = EGifCloseFile(gif_.release(), &error);
        check(closed, error);
        file_.commit();
    }

private:
    void begin(const io::Image& first) {
        height_ = first.height;
        width_ = first.width;
        channels_ = first.channels;
        // Called by C code, so exceptions must not leave it.
        const auto write = [](GifFileType* file, const GifByteType* bytes, int count) noexcept {
            auto& writer = *static_cast<GifWriter*>(file->UserData);
            try {
                writer.file_.write(std::as_bytes(std::span(bytes, static_cast<std::size_t>(count))));
                return count;
            } catch (...) {
                writer.error_ = std::current_exception();
                return 0;
            }
        };
        int error = 0;
        gif_.reset(EGifOpen(this, write, &error));
        check(gif_ ? GIF_OK : GIF_ERROR, error);

        const auto palette = detail::GifColours::palette(channels_);
        const std::unique_ptr<ColorMapObject, decltype(&GifFreeMapObject)> colours(
            GifMakeMapObject(static_cast<int>(palette.size()), palette.data()), GifFreeMapObject);
        check(colours ? GIF_OK : GIF_ERROR, E_GIF_ERR_NOT_ENOUGH_MEM);
        EGifSetGifVersion(gif_.get(), true);
        check(EGifPutScreenDesc(gif_.get(), width_, height_, 8, 0, colours.get()));

        // Netscape 2.0's looping extension: sub-block 1, then the number of repetitions, 0 for endless.
        constexpr std::array<GifByteType, 3> loop{1, 0, 0};
        check(EGifPutExtensionLeader(gif_.get(), APPLICATION_EXT_FUNC_CODE));
        check(EGifPutExtensionBlock(gif_.get(), 11, "NETSCAPE2.0"));
        check(EGifPutExtensionBlock(gif_.get(), static_cast<int>(loop.size()), loop.data()));
        check(EGifPutExtensionTrailer(gif_.get()));
    }
    void check(int result, int error = 0) {
        if (result == GIF_OK) return;
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
        const char* const message = GifErrorString(gif_ ? gif_->Error : error);
        fail("write_gif", "cannot encode " + path_.string() + ": " + (message ? message : "out of memory"));
    }

    struct Close {
        void operator()(GifFileType* file) const { EGifCloseFile(file, nullptr); }
    };
    std::filesystem::path path_;
    io::AtomicFile file_;
    int hundredths_ = 0, height_ = 0, width_ = 0, channels_ = 0;
    std::exception_ptr error_;
    std::unique_ptr<GifFileType, Close> gif_;  // last: closing it writes
};

/// Writes frames of one size as an animated GIF: see GifWriter.
inline void write_gif(const std::filesystem::path& path, std::span<const io::Image> frames,
                      int frames_per_second) {
    GifWriter gif(path, frames_per_second);
    for (const io::Image& frame : frames) gif.add(frame);
    gif.commit();
}

}  // namespace gantry
