// Image files of every kind, compared with the values that Pillow reads: see pillow/make.py.
#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/io/jpeg.hpp>
#include <gantry/io/png.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

using namespace gantry;

TEST_CASE("decoded images match Pillow") {
    const std::filesystem::path folder = GANTRY_TEST_IO_FOLDER "/pillow";
    const auto expected = nlohmann::json::parse(contents_of(folder / "expected.json"));
    REQUIRE(expected.size() >= 40);
    for (const auto& [name, image] : expected.items()) {
        CAPTURE(name);
        const bool is_png = name.ends_with(".png");
        const io::Image read = is_png ? read_png(folder / name) : read_jpeg(folder / name);
        REQUIRE(read.height == image["height"]);
        REQUIRE(read.width == image["width"]);
        REQUIRE(read.channels == image["channels"]);
        const auto pixels = image["pixels"].get<std::vector<int>>();
        REQUIRE(read.pixels.size() == pixels.size());
        int worst = 0;
        for (std::size_t i = 0; i < pixels.size(); ++i)
            worst = std::max(worst, std::abs(read.pixels[i] - pixels[i]));
        CHECK(worst == 0);
    }
}
