#include "io/temporary_folder.hpp"
#include "io/write_jpeg.hpp"
#include "support/catch.hpp"
#include <gantry/data/batches.hpp>
#include <gantry/data/image_folder.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace gantry;

namespace {

using Colour = std::array<int, 3>;

io::Image flat(int height, int width, Colour colour) {
    io::Image image{height, width, 3, {}};
    for (int pixel = 0; pixel < height * width; ++pixel)
        for (const int value : colour) image.pixels.push_back(static_cast<std::uint8_t>(value));
    return image;
}

/// True if all pixels of image `at` have this colour, within `tolerance`.
bool is_flat(const Images& images, std::size_t at, Colour colour, int tolerance = 0) {
    for (std::size_t i = at * images.sample_size(); i < (at + 1) * images.sample_size(); ++i)
        if (std::abs(images.pixels[i] - colour[i % 3]) > tolerance) return false;
    return true;
}

}  // namespace

TEST_CASE("a folder's image files are found by extension, in the order of their paths") {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "b/deep");
    std::filesystem::create_directories(folder / ".thumbnails");
    std::filesystem::create_directories(folder / "folder.png");
    write_png(folder / "c.png", flat(9, 7, {10, 0, 0}));
    write_png(folder / "b/deep/z.PNG", flat(9, 7, {20, 0, 0}));
    write_jpeg(folder / "b/a.JPEG", flat(9, 7, {30, 30, 30}));
    write_jpeg(folder / "a.jpg", flat(9, 7, {40, 40, 40}));
    write_png(folder / ".thumbnails/c.png", flat(9, 7, {50, 0, 0}));
    put_file(folder / "._c.png", "a note of another system");
    put_file(folder / "notes.txt", "no image");
    put_file(folder / "png", "no image");

    const ImageFolder loaded = load_image_folder(folder.path(), {.height = 4, .width = 6});
    const Images& images = loaded.images;
    CHECK(images.height == 4);
    CHECK(images.width == 6);
    CHECK(images.channels == 3);
    REQUIRE(images.count == 4);
    REQUIRE(images.pixels.size() == 4 * images.sample_size());
    CHECK(is_flat(images, 0, {40, 40, 40}, 1));
    CHECK(is_flat(images, 1, {30, 30, 30}, 1));
    CHECK(is_flat(images, 2, {20, 0, 0}));
    CHECK(is_flat(images, 3, {10, 0, 0}));
    CHECK(load_image_folder(folder.path()).images.sample_size() == 64 * 64 * 3);
}

TEST_CASE("a file's format is detected by its first bytes, not its name") {
    const TemporaryFolder folder;
    write_png(folder / "a.jpg", flat(9, 7, {1, 2, 3}));
    write_jpeg(folder / "b.png", flat(9, 7, {90, 90, 90}));
    const Images images = load_image_folder(folder.path(), {.height = 8, .width = 8}).images;
    CHECK(is_flat(images, 0, {1, 2, 3}));
    CHECK(is_flat(images, 1, {90, 90, 90}, 1));
}

TEST_CASE("grey images become colour images") {
    const TemporaryFolder folder;
    write_png(folder / "a.png", {2, 2, 1, {100, 100, 100, 100}});
    write_jpeg(folder / "b.jpg", {2, 2, 1, {200, 200, 200, 200}});
    const Images images = load_image_folder(folder.path(), {.height = 3, .width = 3}).images;
    CHECK(is_flat(images, 0, {100, 100, 100}));
    CHECK(is_flat(images, 1, {200, 200, 200}, 1));
}

TEST_CASE("the middle of an image is loaded, landscape or portrait") {
    const TemporaryFolder folder;
    io::Image lying = flat(20, 60, {255, 0, 0}), standing = flat(60, 20, {255, 0, 0});
    for (int i = 0; i < 20; ++i)
        for (int j = 20; j < 40; ++j)
            for (io::Image* image : {&lying, &standing}) {
                auto* pixel =
                    &image->pixels[static_cast<std::size_t>(3 * (image == &lying ? i * 60 + j : j * 20 + i))];
                pixel[0] = 0;
                pixel[2] = 255;
            }
    write_png(folder / "lying.png", lying);
    write_png(folder / "standing.png", standing);
    for (const int size : {5, 20, 33}) {
        const Images images = load_image_folder(folder.path(), {.height = size, .width = size}).images;
        CHECK(is_flat(images, 0, {0, 0, 255}));
        CHECK(is_flat(images, 1, {0, 0, 255}));
    }
}

TEST_CASE("a large photo is decoded at a fraction of its size and looks the same") {
    const TemporaryFolder folder;
    io::Image photo{640, 800, 3, {}};
    for (int y = 0; y < 640; ++y)
        for (int x = 0; x < 800; ++x)
            for (const int value : {x * 255 / 799, y * 255 / 639, 128})
                photo.pixels.push_back(static_cast<std::uint8_t>(value));
    write_jpeg(folder / "a.jpg", photo);
    write_png(folder / "b.png", photo);
    const Images images = load_image_folder(folder.path(), {.height = 32, .width = 32}).images;
    int worst = 0;
    for (std::size_t i = 0; i < images.sample_size(); ++i)
        worst = std::max(worst, std::abs(images.pixels[i] - images.pixels[images.sample_size() + i]));
    CHECK(worst <= 4);
}

TEST_CASE("many images are loaded in order", "[threads]") {
    const TemporaryFolder folder;
    for (int i = 0; i < 50; ++i)
        write_png(folder / (std::to_string(100 + i) + ".png"), flat(5 + i % 7, 6, {i, 2 * i, 255 - i}));
    const Images images = load_image_folder(folder.path(), {.height = 8, .width = 8}).images;
    for (int i = 0; i < 50; ++i) CHECK(is_flat(images, static_cast<std::size_t>(i), {i, 2 * i, 255 - i}));

    Batches<float> batches(images.pixels, images.sample_size(), {}, {.batch = 50});
    CHECK(batches.next().labels.empty());
    CHECK(batches.next().pixels.size() == 50 * 8 * 8 * 3);

    // The first of several damaged files is named, whichever thread finds it, and all are counted.
    put_file(folder / "120.png", "");
    for (int i = 121; i < 150; ++i) put_file(folder / (std::to_string(i) + ".png"), "x");
    for (int round = 0; round < 20; ++round)
        CHECK(is_line_with(error_of([&] { load_image_folder(folder.path(), {.height = 8, .width = 8}); }),
                           {"120.png", "29 more of the 50 images cannot be read"}));
}

TEST_CASE("the error of a folder that cannot be loaded names the file and the cause") {
    const TemporaryFolder folder;
    const auto error = [&](const io::ImageFolderOptions& options = {}) {
        return error_of([&] { load_image_folder(folder.path(), options); });
    };
    CHECK(is_line_with(error(), {"[load_image_folder]", folder.path().string(), ".png, .jpg or .jpeg"}));
    CHECK(is_line_with(error_of([&] { load_image_folder(folder / "none"); }), {"none", "No such file"}));
    put_file(folder / "a.txt", "no image");
    CHECK(is_line_with(error(), {"no image in"}));
    CHECK(is_line_with(error_of([&] { load_image_folder(folder / "a.txt"); }), {"a.txt", "Not a directory"}));
    CHECK(is_line_with(error({.height = 0, .width = 64}), {"from 1 to 4096; got 0 x 64"}));
    CHECK(is_line_with(error({.height = 64, .width = 5000}), {"got 64 x 5000"}));

    for (const std::string bytes : {"", "x", "TIFF", "\xFF\xD9"}) {
        put_file(folder / "a.png", bytes);
        CHECK(is_line_with(error(), {"[load_image_folder]", "a.png", "neither PNG nor JPEG"}));
    }
    for (const auto& [bytes, format] :
         {std::pair{"GIF89a and more", "a GIF"}, {"RIFF1234WEBPVP8 ", "a WebP"}, {"BM and more", "a BMP"}}) {
        put_file(folder / "a.png", bytes);
        CHECK(is_line_with(error(), {"a.png", format, "convert it"}));
    }
    write_png(folder / "a.png", flat(20, 20, {1, 2, 3}));
    const std::string whole = contents_of(folder / "a.png");
    put_file(folder / "a.png", whole.substr(0, whole.size() / 2));
    CHECK(is_line_with(error(), {"[read_png]", "a.png"}));
    std::filesystem::remove(folder / "a.png");
    std::filesystem::create_symlink("nothing", folder / "a.png");
    CHECK(is_line_with(error(), {"a.png", "No such file"}));
}

TEST_CASE("broken image files can be skipped") {
    const TemporaryFolder folder;
    put_file(folder / "a.png", "");
    put_file(folder / "c.jpg", "no image");
    put_file(folder / "d.png", "no image");
    const io::ImageFolderOptions options{.height = 8, .width = 8, .skip_broken = true};
    CHECK(is_line_with(error_of([&] { load_image_folder(folder.path(), options); }),
                       {"a.png", "2 more of the 3 images cannot be read"}));
    write_png(folder / "b.png", flat(8, 8, {1, 2, 3}));
    write_png(folder / "e.png", flat(8, 8, {4, 5, 6}));
    const ImageFolder loaded = load_image_folder(folder.path(), options);
    REQUIRE(loaded.images.count == 2);
    REQUIRE(loaded.images.pixels.size() == 2 * loaded.images.sample_size());
    CHECK(is_flat(loaded.images, 0, {1, 2, 3}));
    CHECK(is_flat(loaded.images, 1, {4, 5, 6}));
    CHECK(loaded.paths == std::vector{folder / "b.png", folder / "e.png"});
    REQUIRE(loaded.broken.size() == 3);
    CHECK(loaded.broken[0].path == folder / "a.png");
    CHECK(is_line_with(loaded.broken[1].reason, {"c.jpg", "neither PNG nor JPEG"}));
}

TEST_CASE("files of other formats are counted") {
    const TemporaryFolder folder;
    for (const auto name : {"a.webp", "b.WebP", "c.gif", "d.txt", ".e.gif"}) put_file(folder / name, "x");
    CHECK(is_line_with(error_of([&] { load_image_folder(folder.path()); }),
                       {"no image", "1 .gif, 2 .webp", "convert them"}));
    write_jpeg(folder / "f.jfif", flat(8, 8, {9, 9, 9}));
    const ImageFolder loaded = load_image_folder(folder.path());
    CHECK(loaded.images.count == 1);
    CHECK(loaded.other_formats == std::map<std::string, std::size_t>{{".gif", 1}, {".webp", 2}});
}

TEST_CASE("folders behind symbolic links are read once each") {
    const TemporaryFolder folder, elsewhere;
    write_png(folder / "a.png", flat(8, 8, {1, 0, 0}));
    std::filesystem::create_directories(elsewhere / "deep");
    write_png(elsewhere / "deep/b.png", flat(8, 8, {2, 0, 0}));
    std::filesystem::create_directory_symlink(elsewhere.path(), folder / "link");
    std::filesystem::create_directory_symlink(elsewhere.path(), folder / "link again");
    std::filesystem::create_directory_symlink("..", elsewhere / "deep/round");
    std::filesystem::create_directory_symlink(folder.path(), elsewhere / "back");
    std::filesystem::create_symlink("a.png", folder / "c.png");
    const ImageFolder loaded = load_image_folder(folder.path());
    CHECK(loaded.paths == std::vector{folder / "a.png", folder / "c.png", folder / "link/deep/b.png"});
}

TEST_CASE("a rotated photo is cropped and scaled upright") {
    const TemporaryFolder folder;
    // 40 x 20 as captured by the camera, 20 x 40 upright; EXIF's orientation, 6, is at byte 6 + 8 + 2 + 8 of
    // its data.
    io::Image photo = flat(20, 40, {200, 200, 200});
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t y = 0; y < 20; ++y)
            for (std::size_t x = 0; x < 20; ++x) photo.pixels[(y * 40 + x) * 3 + i] = 0;
    const std::string exif{"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 32};
    write_jpeg(folder / "a.jpg", photo, {.exif = exif});
    const Images images = load_image_folder(folder.path(), {.height = 4, .width = 2}).images;
    // The camera's left edge is the upright photo's top.
    for (std::size_t i = 0; i < 12; ++i) CHECK(images.pixels[i] < 100);
    for (std::size_t i = 12; i < 24; ++i) CHECK(images.pixels[i] > 100);
}

TEST_CASE("a file's name cannot send control characters to the terminal") {
    const TemporaryFolder folder;
    put_file(folder / "a\n\x1B[31m\xC2\x9B.png", "");
    CHECK(
        is_line_with(error_of([&] { load_image_folder(folder.path()); }), {"a\\x0A\\x1B[31m\\xC2\\x9B.png"}));
}

TEST_CASE("an image file with any damage is loaded or rejected") {
    const TemporaryFolder folder;
    write_png(folder / "a.png", flat(9, 11, {200, 30, 90}));
    const std::string png = contents_of(folder / "a.png");
    write_jpeg(folder / "a.png", flat(9, 11, {200, 30, 90}));
    const std::string jpeg = contents_of(folder / "a.png");
    std::minstd_rand random(1);
    for (const std::string& whole : {png, jpeg})
        for (int round = 0; round < 500; ++round) {
            std::string bytes = whole;
            for (int flips = 1 + round % 3; flips > 0; --flips)
                bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
            put_file(folder / "a.png", bytes);
            try {
                const Images images = load_image_folder(folder.path(), {.height = 5, .width = 5}).images;
                REQUIRE(images.pixels.size() == 75);
            } catch (const Error& error) {
                REQUIRE(is_line_with(error.what(), {"a.png"}));
            }
        }
}
