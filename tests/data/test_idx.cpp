#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/data/mnist.hpp>

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>

#include <zlib.h>

using namespace gantry;

namespace {

/// An IDX file with these extents in its header and the bytes 0, 1, 2, ... as values.
std::string idx(std::initializer_list<std::uint32_t> extents, std::size_t values, int type = 8) {
    std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(extents.size())};
    for (const std::uint32_t extent : extents)
        for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(extent >> shift & 0xFF);
    for (std::size_t i = 0; i < values; ++i) bytes += static_cast<char>(i);
    return bytes;
}

std::string gzipped(const std::string& text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);  // + 16: gzip
    std::string result(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = static_cast<uInt>(result.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    result.resize(stream.total_out);
    deflateEnd(&stream);
    return result;
}

}  // namespace

TEST_CASE("images and labels are read from IDX files, plain and gzip") {
    const TemporaryFolder folder;
    for (const bool compressed : {false, true}) {
        const std::string images = idx({3, 2, 5}, 30), labels = idx({30}, 30);
        put_file(folder / "images", compressed ? gzipped(images) : images);
        put_file(folder / "labels", compressed ? gzipped(labels) : labels);
        const Images read = io::read_idx_images(folder / "images");
        CHECK(read.count == 3);
        CHECK(read.height == 2);
        CHECK(read.width == 5);
        CHECK(read.channels == 1);
        CHECK(read.sample_size() == 10);
        REQUIRE(read.pixels.size() == 30);
        const auto values = io::read_idx_labels(folder / "labels");
        CHECK(std::equal(values.begin(), values.end(), read.pixels.begin(), read.pixels.end()));
        for (int i = 0; i < 30; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
    }
}

TEST_CASE("a file larger than one piece is read whole") {
    const TemporaryFolder folder;
    put_file(folder / "labels", gzipped(idx({5'000'001}, 5'000'001)));
    const auto labels = io::read_idx_labels(folder / "labels");
    REQUIRE(labels.size() == 5'000'001);
    CHECK(labels.capacity() == labels.size());
    bool right = true;
    for (std::size_t i = 0; i < labels.size(); ++i)
        right = right && labels[i] == static_cast<std::uint8_t>(i);
    CHECK(right);
}

TEST_CASE("an invalid IDX file is a one-line error with the reason") {
    const TemporaryFolder folder;
    const auto refused = [&](const std::string& bytes, std::initializer_list<std::string_view> reasons) {
        for (const bool compressed : {false, true}) {
            put_file(folder / "images", compressed ? gzipped(bytes) : bytes);
            const std::string error = error_of([&] { io::read_idx_images(folder / "images"); });
            INFO(error);
            CHECK(is_line_with(error, {"[read_idx_images]", "images"}));
            CHECK(is_line_with(error, reasons));
        }
    };
    refused("", {"not an IDX file"});
    refused("\x89PNG....", {"not an IDX file"});
    refused(idx({3, 2, 5}, 30, 13), {"type 13"});
    refused(idx({30}, 30), {"must have 3 extents (count, height, width); got 1, as labels have"});
    refused(idx({3, 2, 5}, 30).substr(0, 15), {"ends in its header"});
    refused(idx({3, 2, 5}, 29), {"truncated", "declares 30 values; got 29"});
    refused(idx({3, 2, 5}, 31), {"too long"});
    refused(idx({0, 2, 5}, 0), {"empty"});
    refused(idx({3, 0, 5}, 0), {"empty"});
    refused(idx({1, 32769, 1}, 32769), {"32768", "got 32769"});
    // Trusting the header would overflow or exhaust memory.
    refused(idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, 0), {"32768"});
    refused(idx({0xFFFFFFFF, 32768, 32768}, 100), {"truncated", "got 100"});

    put_file(folder / "labels", idx({3, 2, 5}, 30));
    CHECK(is_line_with(error_of([&] { io::read_idx_labels(folder / "labels"); }),
                       {"[read_idx_labels]", "must have 1 extents (count); got 3, as images have"}));
}

TEST_CASE("a path that cannot be opened is a one-line error") {
    const TemporaryFolder folder;
    CHECK(is_line_with(error_of([&] { io::read_idx_images(folder / "none"); }), {"none", "No such file"}));
    CHECK(is_line_with(error_of([&] { io::read_idx_images(folder.path()); }), {"Is a directory"}));
}

TEST_CASE("a damaged gzip file is an error even if all values can be read") {
    const TemporaryFolder folder;
    std::string bytes = gzipped(idx({3, 2, 5}, 30));
    std::string damaged = bytes;
    damaged[bytes.size() - 8] ^= 1;  // the checksum
    put_file(folder / "images", damaged);
    CHECK(is_line_with(error_of([&] { io::read_idx_images(folder / "images"); }), {"[gzip]", "is damaged"}));
    put_file(folder / "images", bytes.substr(0, bytes.size() - 3));
    CHECK(is_line_with(error_of([&] { io::read_idx_images(folder / "images"); }), {"[gzip]", "truncated"}));
    put_file(folder / "images", bytes.substr(0, bytes.size() / 2));
    CHECK(is_line_with(error_of([&] { io::read_idx_images(folder / "images"); }), {"[gzip]", "truncated"}));
}

TEST_CASE("an IDX file with any damage is read or rejected") {
    const TemporaryFolder folder;
    std::minstd_rand random(1);
    for (const std::string& whole : {idx({3, 2, 5}, 30), gzipped(idx({3, 2, 5}, 30))}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            put_file(folder / "images", whole.substr(0, size));
            REQUIRE(is_line_with(error_of([&] { io::read_idx_images(folder / "images"); }), {"images"}));
        }
        for (int round = 0; round < 500; ++round) {
            std::string bytes = whole;
            bytes[random() % bytes.size()] = static_cast<char>(random());
            put_file(folder / "images", bytes);
            try {
                const Images images = io::read_idx_images(folder / "images");
                REQUIRE(images.pixels.size() == images.count * images.sample_size());
            } catch (const Error& error) {
                REQUIRE(is_line_with(error.what(), {"images"}));
            }
        }
    }
}

TEST_CASE("MNIST is found under each of its names") {
    for (const std::string separator : {"-", "."})
        for (const std::string ending : {"", ".gz"}) {
            const TemporaryFolder folder;
            const auto put = [&](const std::string& part, std::uint32_t count) {
                const std::string images = idx({count, 2, 5}, count * 10), labels = idx({count}, count);
                const bool compressed = !ending.empty();
                put_file(folder / (part + "-images" + separator + "idx3-ubyte" + ending),
                         compressed ? gzipped(images) : images);
                put_file(folder / (part + "-labels" + separator + "idx1-ubyte" + ending),
                         compressed ? gzipped(labels) : labels);
            };
            put("train", 4);
            put("t10k", 3);
            CHECK(load_mnist(folder.path(), Split::train).images.count == 4);
            CHECK(load_mnist(folder.path(), Split::test).images.count == 3);
            CHECK(load_mnist(folder.path(), Split::test).labels.size() == 3);
        }
}

TEST_CASE("the error of missing or inconsistent MNIST files gives advice") {
    const TemporaryFolder folder;
    const auto error = [&] { return error_of([&] { load_mnist(folder.path(), Split::train); }); };
    CHECK(is_line_with(error_of([&] { load_mnist(folder / "none", Split::train); }),
                       {"no folder", "none", "dataset-fashion-mnist", "--data FOLDER"}));
    CHECK(is_line_with(error(), {"train-images-idx3-ubyte", "train-images.idx3-ubyte", ".gz",
                                 folder.path().string(), "dataset-fashion-mnist", "--data FOLDER"}));
    put_file(folder / "train-images-idx3-ubyte", idx({4, 2, 5}, 40));
    CHECK(is_line_with(error(), {"train-labels-idx1-ubyte", "--data FOLDER"}));
    put_file(folder / "train-labels-idx1-ubyte", idx({3}, 3));
    CHECK(is_line_with(error(), {"4 images and 3 labels"}));
    put_file(folder / "train-labels-idx1-ubyte", idx({4}, 3) + '\x0A');
    CHECK(is_line_with(error(), {"labels from 0 to 9; got 10"}));
}
