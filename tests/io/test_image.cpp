#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/io/gif.hpp>
#include <gantry/io/png.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace gantry;

namespace {

io::Image pattern(int height, int width, int channels, int start = 0) {
    io::Image image{height, width, channels, {}};
    for (std::size_t i = 0; i < detail::image_bytes(height, width, channels); ++i)
        image.pixels.push_back(static_cast<std::uint8_t>(start + static_cast<int>(i * 7)));
    return image;
}

}  // namespace

TEST_CASE("a grid places images row by row, with a border between and around") {
    const std::vector<float> images{-1, 1,  0,
                                    2,  -7, std::numeric_limits<float>::quiet_NaN()};  // 3 of (1, 2, 1)
    const io::Image sheet = grid(images, 1, 2, 1, {.columns = 2, .border = 1, .border_value = 9});
    const std::vector<std::uint8_t> expected{9, 9, 9,   9, 9,   9,   9,  //
                                             9, 0, 255, 9, 128, 255, 9,  //
                                             9, 9, 9,   9, 9,   9,   9,  //
                                             9, 0, 0,   9, 9,   9,   9,  //
                                             9, 9, 9,   9, 9,   9,   9};
    CHECK(sheet.height == 5);
    CHECK(sheet.width == 7);
    CHECK(sheet.channels == 1);
    CHECK(sheet.pixels == expected);
}

TEST_CASE("a grid enlarges pixels and borders, and supports colour and the range [0, 1]") {
    const std::vector<double> image{0, 0.5, 1};
    const io::Image sheet =
        grid(image, 1, 1, 3, {.border = 1, .scale = 2, .range = PixelRange::zero_to_one, .border_value = 5});
    REQUIRE(sheet.height == 6);
    REQUIRE(sheet.width == 6);
    for (int y = 0; y < 6; ++y)
        for (int x = 0; x < 6; ++x) {
            const bool inside = y / 2 == 1 && x / 2 == 1;
            const auto* pixel = &sheet.pixels[static_cast<std::size_t>((y * 6 + x) * 3)];
            CHECK(pixel[0] == (inside ? 0 : 5));
            CHECK(pixel[1] == (inside ? 128 : 5));
            CHECK(pixel[2] == (inside ? 255 : 5));
        }
}

TEST_CASE("every byte survives the conversion to a network's range and back") {
    std::vector<double> values;
    io::Image bytes{1, 256, 1, {}};
    for (int byte = 0; byte < 256; ++byte) {
        values.push_back(byte / 127.5 - 1);
        bytes.pixels.push_back(static_cast<std::uint8_t>(byte));
    }
    CHECK(grid(values, 1, 256, 1, {.border = 0}) == bytes);
}

TEST_CASE("invalid images and options of a grid are errors") {
    const std::vector<float> values(6);
    const std::span<const float> images(values);
    CHECK(is_line_with(error_of([&] { grid(images, 2, 2, 1, {}); }), {"[grid]", "6 values in images of 4"}));
    CHECK(is_line_with(error_of([&] { grid(images.first(0), 2, 2, 1, {}); }), {"[grid]"}));
    CHECK(is_line_with(error_of([&] { grid(images, 0, 2, 1, {}); }), {"[grid]"}));
    CHECK(is_line_with(error_of([&] { grid(images, 2, 3, 1, {.columns = 0}); }), {"[grid]"}));
}

TEST_CASE("an image is read back from a PNG unchanged") {
    const TemporaryFolder folder;
    for (const int channels : {1, 3})
        for (const int width : {1, 100, 257}) {
            const io::Image image = pattern(37, width, channels);
            write_png(folder / "a.png", image);
            CHECK(read_png(folder / "a.png") == image);
        }
    CHECK(folder.files() == 1);
}

TEST_CASE("a PNG that cannot be read is a one-line error") {
    const TemporaryFolder folder;
    CHECK(is_line_with(error_of([&] { read_png(folder / "none.png"); }), {"none.png", "No such file"}));
    put_file(folder / "text.png", "this is no image, but long enough for a header");
    CHECK(is_line_with(error_of([&] { read_png(folder / "text.png"); }), {"[read_png]", "text.png"}));
    put_file(folder / "empty.png", "");
    CHECK(is_line_with(error_of([&] { read_png(folder / "empty.png"); }), {"[read_png]", "empty.png"}));

    write_png(folder / "a.png", pattern(20, 20, 3));
    const std::string whole = contents_of(folder / "a.png");
    put_file(folder / "short.png", whole.substr(0, whole.size() / 2));
    CHECK(is_line_with(error_of([&] { read_png(folder / "short.png"); }), {"[read_png]", "short.png"}));
}

TEST_CASE("an inconsistent image is not written") {
    const TemporaryFolder folder;
    io::Image image = pattern(4, 4, 3);
    image.pixels.pop_back();
    CHECK(is_line_with(error_of([&] { write_png(folder / "a.png", image); }), {"47, not 48"}));
    CHECK(
        is_line_with(error_of([&] { write_png(folder / "a.png", pattern(4, 4, 2)); }), {"1 or 3 channels"}));
    CHECK(is_line_with(error_of([&] { write_png(folder / "a.png", io::Image{}); }), {"sides"}));
    CHECK(folder.files() == 0);
}

TEST_CASE("a GIF holds every frame, loops, and keeps grey exactly") {
    const TemporaryFolder folder;
    const std::vector<io::Image> frames{pattern(30, 50, 1), pattern(30, 50, 1, 100), pattern(30, 50, 1, 200)};
    write_gif(folder / "a.gif", frames, 5);
    CHECK(folder.files() == 1);
    CHECK(contents_of(folder / "a.gif").starts_with("GIF89a"));
    CHECK(contents_of(folder / "a.gif").find("NETSCAPE2.0") != std::string::npos);

    const auto close = [](GifFileType* file) { DGifCloseFile(file, nullptr); };
    const std::unique_ptr<GifFileType, decltype(close)> gif(
        DGifOpenFileName((folder / "a.gif").c_str(), nullptr), close);
    REQUIRE(gif);
    REQUIRE(DGifSlurp(gif.get()) == GIF_OK);
    REQUIRE(gif->ImageCount == 3);
    CHECK(gif->SWidth == 50);
    CHECK(gif->SHeight == 30);
    for (int i = 0; i < 3; ++i) {
        GraphicsControlBlock timing;
        REQUIRE(DGifSavedExtensionToGCB(gif.get(), i, &timing) == GIF_OK);
        CHECK(timing.DelayTime == 20);
        std::vector<std::uint8_t> shown;
        for (int pixel = 0; pixel < 30 * 50; ++pixel)
            shown.push_back(gif->SColorMap->Colors[gif->SavedImages[i].RasterBits[pixel]].Red);
        CHECK(shown == frames[static_cast<std::size_t>(i)].pixels);
    }
}

TEST_CASE("an animation is written frame by frame, so that a long one takes no more memory") {
    const TemporaryFolder folder;
    GifWriter gif(folder / "a.gif", 5);
    std::uintmax_t before = 0;
    for (int frame = 0; frame < 4; ++frame) {
        gif.add(pattern(30, 50, 3));
        const std::uintmax_t size = std::filesystem::file_size(folder / "a.gif.part");
        CHECK(size > before + 30);
        before = size;
    }
    gif.commit();
    CHECK(std::filesystem::file_size(folder / "a.gif") == before + 1);  // the end's mark
}

TEST_CASE("a GIF loops forever, with frame times in hundredths of a second") {
    const TemporaryFolder folder;
    for (const auto& [frames_per_second, hundredths] : {std::pair{5, 20}, {8, 13}, {30, 3}, {50, 2}}) {
        write_gif(folder / "a.gif", std::vector{pattern(3, 5, 1)}, frames_per_second);
        const std::string gif = contents_of(folder / "a.gif");
        CHECK(gif.find(std::string("NETSCAPE2.0\3\1\0\0", 15)) != std::string::npos);
        const std::size_t timing = gif.find("\x21\xF9\x04");
        REQUIRE(timing != std::string::npos);
        CHECK(gif.substr(timing + 4, 2) == std::string{static_cast<char>(hundredths), '\0'});
    }
}

TEST_CASE("a GIF's colours are correct on average over a small square") {
    const TemporaryFolder folder;
    const std::array<int, 3> colour{200, 90, 33};
    io::Image flat{16, 16, 3, {}};
    for (int pixel = 0; pixel < 256; ++pixel)
        for (const int value : colour) flat.pixels.push_back(static_cast<std::uint8_t>(value));
    const auto palette = detail::GifColours::palette(3);
    std::array<double, 3> mean{};
    for (int y = 0; y < 4; ++y)
        for (int x = 0; x < 4; ++x) {
            const GifColorType& shown = palette[detail::GifColours::index(flat, y, x)];
            mean[0] += shown.Red / 16.0;
            mean[1] += shown.Green / 16.0;
            mean[2] += shown.Blue / 16.0;
        }
    for (std::size_t c = 0; c < 3; ++c) CHECK(std::abs(mean[c] - colour[c]) < 3);

    // Black and white are in the palette.
    for (const int value : {0, 255}) {
        const io::Image extreme{1, 1, 3, std::vector<std::uint8_t>(3, static_cast<std::uint8_t>(value))};
        const GifColorType& shown = palette[detail::GifColours::index(extreme, 0, 0)];
        CHECK(shown.Red == value);
        CHECK(shown.Green == value);
        CHECK(shown.Blue == value);
    }
}

TEST_CASE("invalid frames of an animation are errors") {
    const TemporaryFolder folder;
    const std::vector<io::Image> frames{pattern(3, 5, 1), pattern(5, 3, 1)};
    CHECK(is_line_with(error_of([&] { write_gif(folder / "a.gif", frames, 5); }), {"same size", "5 x 3"}));
    CHECK(is_line_with(error_of([&] { write_gif(folder / "a.gif", {}, 5); }), {"at least one frame"}));
    CHECK(is_line_with(error_of([&] { write_gif(folder / "a.gif", std::span(frames).first(1), 0); }),
                       {"frames per second"}));
    CHECK(folder.files() == 0);
}
