// Reads and resizes foreign image files: JPEG, every kind of PNG, any size.
#include "io/temporary_folder.hpp"
#include "io/write_jpeg.hpp"
#include "support/catch.hpp"
#include <gantry/io/jpeg.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/resize.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <png.h>
#include <zlib.h>

using namespace gantry;

namespace {

std::string big_endian(std::uint32_t value) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift & 0xFF);
    return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
    const std::string body = type + data;
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    return big_endian(static_cast<std::uint32_t>(data.size())) + body +
           big_endian(static_cast<std::uint32_t>(sum));
}

/// A PNG of one row; `pixels` excludes the row's filter byte.
std::string png(std::uint32_t width, int bits, int colour_type, const std::string& pixels,
                const std::string& palette = "", std::uint32_t height = 1) {
    const std::string row = '\0' + pixels;
    std::string packed(compressBound(row.size()), '\0');
    uLongf size = packed.size();
    REQUIRE(compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<const Bytef*>(row.data()), row.size()) == Z_OK);
    packed.resize(size);
    const std::string header{static_cast<char>(bits), static_cast<char>(colour_type), 0, 0, 0};
    return "\x89PNG\r\n\x1A\n" + chunk("IHDR", big_endian(width) + big_endian(height) + header) +
           (palette.empty() ? "" : chunk("PLTE", palette)) + chunk("IDAT", packed) + chunk("IEND", "");
}

io::Image gradient(int height, int width, int channels) {
    io::Image image{height, width, channels, {}};
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < channels; ++c)
                image.pixels.push_back(static_cast<std::uint8_t>(c == 0   ? 255 * x / std::max(width - 1, 1)
                                                                 : c == 1 ? 255 * y / std::max(height - 1, 1)
                                                                          : 200));
    return image;
}

int worst_difference(const io::Image& a, const io::Image& b) {
    REQUIRE(a.height == b.height);
    REQUIRE(a.width == b.width);
    REQUIRE(a.channels == b.channels);
    REQUIRE(a.pixels.size() == b.pixels.size());
    int worst = 0;
    for (std::size_t i = 0; i < a.pixels.size(); ++i)
        worst = std::max(worst, std::abs(a.pixels[i] - b.pixels[i]));
    return worst;
}

}  // namespace

TEST_CASE("a JPEG is read as grey or colour, baseline or progressive") {
    const TemporaryFolder folder;
    for (const bool progressive : {false, true}) {
        for (const int channels : {1, 3}) {
            const io::Image image = gradient(21, 37, channels);
            write_jpeg(folder / "a.jpg", image, {.progressive = progressive});
            CHECK(worst_difference(read_jpeg(folder / "a.jpg"), image) <= 6);
        }
        const io::Image image = gradient(21, 37, 3);
        write_jpeg(folder / "a.jpg", image,
                   {.stored = JCS_RGB, .progressive = progressive, .adobe_marker = true});
        CHECK(worst_difference(read_jpeg(folder / "a.jpg"), image) <= 6);
    }
}

TEST_CASE("a JPEG's orientation is read from EXIF after any marker, if valid") {
    const TemporaryFolder folder;
    const io::Image image{2, 3, 1, {0, 10, 20, 30, 40, 50}};
    const auto width_of = [&](const WriteJpegOptions& options) {
        write_jpeg(folder / "a.jpg", image, options);
        return read_jpeg(folder / "a.jpg").width;
    };
    const auto exif = [](int orientation) {
        return std::string("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 25) +
               static_cast<char>(orientation) + std::string(6, '\0');
    };
    const std::string xmp("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>", 42);
    for (const int upright : {0, 1, 2, 4, 9, 255}) CHECK(width_of({.exif = exif(upright)}) == 3);
    for (const int turned : {5, 8}) {
        CHECK(width_of({.exif = exif(turned)}) == 2);
        CHECK(width_of({.xmp = xmp, .exif = exif(turned)}) == 2);
    }
    CHECK(width_of({.xmp = xmp}) == 3);
}

TEST_CASE("CMYK becomes colour, with and without Adobe's marker") {
    const TemporaryFolder folder;
    const std::vector<int> paper{0, 153, 255, 204};  // 255: no ink
    const std::vector<int> colour{0, 122, 204};      // red: no ink left; green 0.6 * 0.8; blue 0.8
    for (const bool adobe : {false, true}) {
        io::Image image{8, 8, 4, {}};
        for (int pixel = 0; pixel < 64; ++pixel)
            for (const int value : paper) image.pixels.push_back(static_cast<std::uint8_t>(value));
        write_jpeg(folder / "a.jpg", image, {.adobe_marker = adobe});
        const io::Image read = read_jpeg(folder / "a.jpg");
        REQUIRE(read.channels == 3);
        REQUIRE(read.pixels.size() == 192);
        for (std::size_t i = 0; i < 192; ++i) CHECK(std::abs(read.pixels[i] - colour[i % 3]) <= 2);
    }
}

TEST_CASE("a JPEG is decoded at a fraction of its size if that is sufficient") {
    const TemporaryFolder folder;
    write_jpeg(folder / "a.jpg", gradient(160, 321, 3));
    const auto size = [&](int height, int width) {
        const io::Image read =
            read_jpeg(folder / "a.jpg", {.smallest_height = height, .smallest_width = width});
        CHECK(worst_difference(read, gradient(read.height, read.width, 3)) <= 10);
        return std::vector<int>{read.height, read.width};
    };
    CHECK(size(20, 40) == std::vector<int>{20, 41});
    CHECK(size(21, 40) == std::vector<int>{40, 81});
    CHECK(size(20, 41) == std::vector<int>{40, 81});
    CHECK(size(80, 1) == std::vector<int>{80, 161});
    CHECK(size(81, 1) == std::vector<int>{160, 321});
    CHECK(size(1000, 1000) == std::vector<int>{160, 321});
    CHECK(size(1, 1) == std::vector<int>{20, 41});
}

TEST_CASE("a JPEG that is truncated anywhere is a one-line error") {
    const TemporaryFolder folder;
    for (const bool progressive : {false, true}) {
        write_jpeg(folder / "a.jpg", gradient(9, 11, 3), {.progressive = progressive});
        const std::string whole = contents_of(folder / "a.jpg");
        for (std::size_t size = 0; size < whole.size(); ++size) {
            put_file(folder / "a.jpg", whole.substr(0, size));
            const std::string error = error_of([&] { read_jpeg(folder / "a.jpg"); });
            CAPTURE(size, error);
            REQUIRE(is_line_with(error, {"[read_jpeg]", "a.jpg"}));
        }
        put_file(folder / "a.jpg", whole + "a camera's notes");
        CHECK(read_jpeg(folder / "a.jpg").width == 11);
    }
}

TEST_CASE("PNGs of every kind are read") {
    const TemporaryFolder folder;
    const auto read = [&](const std::string& bytes) {
        put_file(folder / "a.png", bytes);
        const io::Image image = read_png(folder / "a.png");
        return std::vector<int>(image.pixels.begin(), image.pixels.end());
    };
    using Values = std::vector<int>;
    CHECK(read(png(3, 8, 0, {'\x00', '\x80', '\xFF'})) == Values{0, 128, 255});       // grey
    CHECK(read(png(3, 1, 0, "\xA0")) == Values{255, 0, 255});                         // 1 bit
    CHECK(read(png(2, 16, 0, {'\x80', '\x80', '\x10', '\x10'})) == Values{128, 16});  // 16 bits
    CHECK(read(png(1, 16, 2, {'\xC8', '\xC8', '\x1E', '\x1E', 0, 0})) == Values{200, 30, 0});
    CHECK(read(png(2, 2, 3, "\x40", "abcdef")) == Values{'d', 'e', 'f', 'a', 'b', 'c'});  // palette
    CHECK(read(png(2, 8, 6, {'\x0A', '\x14', '\x1E', '\xFF', '\x0A', '\x14', '\x1E', '\x00'})) ==
          Values{10, 20, 30, 255, 255, 255});                    // alpha, on white
    CHECK(read(png(1, 8, 4, {'\x00', '\x80'})) == Values{127});  // grey and alpha
}

TEST_CASE("a PNG that is truncated anywhere in its pixels is a one-line error") {
    const TemporaryFolder folder;
    write_png(folder / "a.png", gradient(9, 11, 3));
    const std::string whole = contents_of(folder / "a.png");
    const std::size_t end_chunk = 12;
    for (std::size_t size = 0; size < whole.size() - end_chunk; ++size) {
        put_file(folder / "a.png", whole.substr(0, size));
        const std::string error = error_of([&] { read_png(folder / "a.png"); });
        CAPTURE(size, error);
        REQUIRE(is_line_with(error, {"[read_png]", "a.png"}));
    }
}

TEST_CASE("an image file that claims to be huge is rejected before memory is allocated") {
    const TemporaryFolder folder;
    put_file(folder / "a.png", png(65535, 8, 2, "", "", 65535));
    CHECK(is_line_with(error_of([&] { read_png(folder / "a.png"); }), {"a.png", "2^27", "65535 x 65535"}));
    put_file(folder / "a.png", png(70000, 8, 2, "", "", 1));
    CHECK(is_line_with(error_of([&] { read_png(folder / "a.png"); }), {"a.png", "1 x 70000"}));

    write_jpeg(folder / "a.jpg", gradient(9, 11, 3));
    std::string bytes = contents_of(folder / "a.jpg");
    const std::size_t frame = bytes.find("\xFF\xC0");  // marker, length (2), precision, height (2), width (2)
    REQUIRE(frame != bytes.npos);
    bytes.replace(frame + 5, 4, "\xFF\x00\xFF\x00", 4);
    put_file(folder / "a.jpg", bytes);
    CHECK(is_line_with(error_of([&] { read_jpeg(folder / "a.jpg"); }), {"a.jpg", "2^27", "65280 x 65280"}));

    // The file is too small for the claimed size.
    put_file(folder / "a.png", png(11000, 8, 2, "", "", 12000));
    CHECK(is_line_with(error_of([&] { read_png(folder / "a.png"); }), {"a.png", "12000 x 11000", "bytes"}));
    bytes.replace(frame + 5, 4, "\x2E\xE0\x2A\xF8", 4);
    put_file(folder / "a.jpg", bytes);
    CHECK(is_line_with(error_of([&] { read_jpeg(folder / "a.jpg"); }), {"a.jpg", "12000 x 11000", "bytes"}));

    for (const auto name : {"a.png", "a.jpg"}) std::filesystem::resize_file(folder / name, 1ull << 40);
    CHECK(is_line_with(error_of([&] { read_png(folder / "a.png"); }), {"a.png", "2^30 bytes"}));
    CHECK(is_line_with(error_of([&] { read_jpeg(folder / "a.jpg"); }), {"a.jpg", "2^30 bytes"}));
}

TEST_CASE("a JPEG with very many scans is rejected before they are read") {
    const TemporaryFolder folder;
    write_jpeg(folder / "a.jpg", gradient(9, 11, 1), {.many_scans = true});
    CHECK(is_line_with(error_of([&] { read_jpeg(folder / "a.jpg"); }), {"a.jpg", "more than 100 scans"}));
}

TEST_CASE("images decoded at the same time share bounded memory", "[threads]") {
    std::atomic<int> at_once = 0, most = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&, i] {
                io::DecodingMemory memory;
                memory.take((i % 2 == 0 ? std::size_t{1} : std::size_t{9}) << 29);  // all, and far more
                most = std::max<int>(most, ++at_once);
                std::this_thread::yield();
                --at_once;
            });
    }
    CHECK(most == 1);
}

TEST_CASE("an image of one colour keeps it at every size") {
    std::minstd_rand random(1);
    for (int round = 0; round < 200; ++round) {
        const auto side = [&](unsigned most) { return static_cast<int>(1 + random() % most); };
        const int height = side(round % 3 == 0 ? 5 : 300), width = side(round % 5 == 0 ? 5 : 300);
        io::Image image{height, width, round % 2 == 0 ? 1 : 3, {}};
        for (std::size_t i = 0; i < detail::image_bytes(height, width, image.channels); ++i)
            image.pixels.push_back(
                static_cast<std::uint8_t>(round + 20 * (i % static_cast<std::size_t>(image.channels))));
        const io::Image scaled = resize_to_fill(image, side(130), side(130));
        REQUIRE(scaled.channels == image.channels);
        for (std::size_t i = 0; i < scaled.pixels.size(); ++i)
            REQUIRE(scaled.pixels[i] == image.pixels[i % static_cast<std::size_t>(image.channels)]);
    }
}

TEST_CASE("an image of the requested size is not changed") {
    const io::Image image = gradient(33, 70, 3);
    CHECK(resize_to_fill(image, 33, 70) == image);
}

TEST_CASE("the middle is cropped exactly") {
    const io::Image image = gradient(30, 100, 3);
    const io::Image middle = resize_to_fill(image, 30, 40);  // columns 30 to 69
    bool same = true;
    for (std::size_t y = 0; y < 30; ++y)
        same = same && std::equal(&middle.pixels[y * 120], &middle.pixels[y * 120] + 120,
                                  &image.pixels[y * 300 + 90]);
    CHECK(same);
    const io::Image tall = gradient(101, 30, 1);
    CHECK(resize_to_fill(tall, 31, 30) ==
          io::Image{31, 30, 1, {tall.pixels.begin() + 35 * 30, tall.pixels.begin() + 66 * 30}});
}

TEST_CASE("a colour gradient is preserved, and half the size is the mean of neighbours") {
    for (const int size : {3, 16, 50, 64, 100, 129}) {
        const io::Image scaled = resize_to_fill(gradient(64, 64, 3), size, size);
        for (int y = 0; y < size; ++y)
            for (int x = 0; x < size; ++x) {
                const auto* pixel = &scaled.pixels[static_cast<std::size_t>(3 * (y * size + x))];
                const double at_x = std::clamp((x + 0.5) * 64 / size - 0.5, 0.0, 63.0);
                const double at_y = std::clamp((y + 0.5) * 64 / size - 0.5, 0.0, 63.0);
                REQUIRE(std::abs(pixel[0] - 255 * at_x / 63) < 4);
                REQUIRE(std::abs(pixel[1] - 255 * at_y / 63) < 4);
                REQUIRE(pixel[2] == 200);
                if (x > 0) REQUIRE(pixel[0] >= pixel[-3]);
                if (y > 0) REQUIRE(pixel[1] >= pixel[1 - 3 * size]);
            }
    }
    // Black and white stripes of one pixel become grey: pixels are averaged, not sampled.
    io::Image stripes{64, 64, 1, {}};
    for (int i = 0; i < 64 * 64; ++i) stripes.pixels.push_back(i % 2 == 0 ? 0 : 255);
    const io::Image grey = resize_to_fill(stripes, 8, 8);
    for (const int value : grey.pixels) CHECK(std::abs(value - 127) < 12);
}

TEST_CASE("an image that cannot be scaled is a one-line error") {
    CHECK(is_line_with(error_of([] { resize_to_fill(io::Image{}, 8, 8); }), {"[resize]", "0 x 0"}));
    CHECK(is_line_with(error_of([] { resize_to_fill(gradient(4, 4, 3), 0, 8); }), {"[resize]", "0 x 8"}));
}
