#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/data/batches.hpp>
#include <gantry/data/cifar10.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace gantry;

namespace {

/// The pixel (y, x) of a channel in image `number`: a different value in each row, column and channel.
std::uint8_t pixel_of(int number, int y, int x, int channel) {
    return static_cast<std::uint8_t>(7 * y + 3 * x + 80 * channel + number);
}

/// One record of CIFAR-10's binary version.
std::string record(int label, int number) {
    std::string bytes(1, static_cast<char>(label));
    for (int channel = 0; channel < 3; ++channel)
        for (int y = 0; y < 32; ++y)
            for (int x = 0; x < 32; ++x) bytes += static_cast<char>(pixel_of(number, y, x, channel));
    return bytes;
}

/// True if image `at` is record(..., number) with the correct orientation and colours.
bool is_image(const LabelledImages& data, std::size_t at, int number) {
    auto pixel = data.images.pixels.begin() + static_cast<std::ptrdiff_t>(at * data.images.sample_size());
    for (int y = 0; y < 32; ++y)
        for (int x = 0; x < 32; ++x)
            for (int channel = 0; channel < 3; ++channel)
                if (*pixel++ != pixel_of(number, y, x, channel)) return false;
    return true;
}

}  // namespace

TEST_CASE("CIFAR-10's planes become pixels, row by row, red first") {
    const TemporaryFolder folder;
    put_file(folder / "test_batch.bin", record(3, 0) + record(9, 1) + record(0, 2));
    const LabelledImages data = load_cifar10(folder.path(), Split::test);
    CHECK(data.images.count == 3);
    CHECK(data.images.height == 32);
    CHECK(data.images.width == 32);
    CHECK(data.images.channels == 3);
    CHECK(data.labels == std::vector<std::int32_t>{3, 9, 0});
    REQUIRE(data.images.pixels.size() == 3 * 3072);
    for (int i = 0; i < 3; ++i) CHECK(is_image(data, static_cast<std::size_t>(i), i));
    CHECK(io::cifar10_classes[static_cast<std::size_t>(data.labels[0])] == "cat");
}

TEST_CASE("those of CIFAR-10's training files that exist are read in order") {
    const TemporaryFolder folder;
    put_file(folder / "data_batch_4.bin", record(4, 40) + record(5, 41));
    put_file(folder / "data_batch_2.bin", record(2, 20));
    put_file(folder / "test_batch.bin", record(7, 70));
    const LabelledImages data = load_cifar10(folder.path(), Split::train);
    CHECK(data.labels == std::vector<std::int32_t>{2, 4, 5});
    REQUIRE(data.images.pixels.size() == 3 * 3072);
    CHECK(is_image(data, 0, 20));
    CHECK(is_image(data, 1, 40));
    CHECK(is_image(data, 2, 41));
    CHECK(load_cifar10(folder.path(), Split::test).labels == std::vector<std::int32_t>{7});
}

TEST_CASE("CIFAR-10 is found from the folder above, too") {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "cifar-10-batches-bin");
    put_file(folder / "cifar-10-batches-bin/data_batch_1.bin", record(1, 5));
    CHECK(is_image(load_cifar10(folder.path(), Split::train), 0, 5));
}

TEST_CASE("classes of CIFAR-10 are selected by name and keep their labels") {
    const TemporaryFolder folder;
    std::string bytes;
    for (int i = 0; i < 30; ++i) bytes += record(i % 10, i);
    put_file(folder / "data_batch_1.bin", bytes);
    const LabelledImages data = load_cifar10(folder.path(), Split::train, {"truck", "bird"});
    CHECK(data.labels == std::vector<std::int32_t>{2, 9, 2, 9, 2, 9});
    CHECK(data.images.count == 6);
    REQUIRE(data.images.pixels.size() == 6 * 3072);
    CHECK(is_image(data, 0, 2));
    CHECK(is_image(data, 5, 29));
    CHECK(load_cifar10(folder.path(), Split::train, {"cat"}).images.count == 3);

    const auto error = [&](const std::vector<std::string>& classes) {
        return error_of([&] { load_cifar10(folder.path(), Split::train, classes); });
    };
    CHECK(is_line_with(error({"bird", "fish"}),
                       {"airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck; got fish"}));
    put_file(folder / "data_batch_1.bin", record(1, 0));
    CHECK(is_line_with(error({"cat"}), {"no image", folder.path().string()}));
}

TEST_CASE("the error of missing or damaged CIFAR-10 files gives advice") {
    const TemporaryFolder folder;
    const auto error = [&](Split split) { return error_of([&] { load_cifar10(folder.path(), split); }); };
    CHECK(is_line_with(error(Split::train), {"[load_cifar10]", "data_batch_1.bin", "data_batch_5.bin",
                                             folder.path().string(), "cifar-10-binary.tar.gz", "--data"}));
    CHECK(is_line_with(error(Split::test), {"test_batch.bin", "cifar-10-binary.tar.gz", "--data"}));
    CHECK(is_line_with(error_of([&] { load_cifar10(folder / "none", Split::test); }), {"none"}));

    const auto refused = [&](const std::string& bytes, std::initializer_list<std::string_view> reasons) {
        put_file(folder / "test_batch.bin", bytes);
        const std::string text = error(Split::test);
        INFO(text);
        CHECK(is_line_with(text, {"[load_cifar10]", "test_batch.bin"}));
        CHECK(is_line_with(text, reasons));
    };
    refused("", {"from 1 to 100000 records of 3073 bytes", "got 0 bytes"});
    refused(record(1, 0).substr(0, 3072), {"got 3072 bytes"});
    refused(record(1, 0) + "x", {"got 3074 bytes"});
    refused(record(1, 0) + record(10, 0), {"labels from 0 to 9", "got 10 in record 1"});
    refused(record(255, 0), {"got 255 in record 0"});

    // A sparse file of 3 TB: rejected before memory is allocated.
    put_file(folder / "test_batch.bin", "");
    std::filesystem::resize_file(folder / "test_batch.bin", 3073ull * 1'000'000'000);
    CHECK(is_line_with(error(Split::test), {"from 1 to 100000 records"}));

    std::filesystem::remove(folder / "test_batch.bin");
    std::filesystem::create_directory(folder / "test_batch.bin");
    CHECK(is_line_with(error(Split::test), {"test_batch.bin", "Is a directory"}));
    std::filesystem::remove(folder / "test_batch.bin");
    std::filesystem::create_symlink("test_batch.bin", folder / "test_batch.bin");  // links to itself
    CHECK(is_line_with(error(Split::test), {"test_batch.bin", "symbolic links"}));

    // A damaged file makes the data set fail even if the others are intact.
    put_file(folder / "data_batch_1.bin", record(1, 0));
    put_file(folder / "data_batch_2.bin", record(1, 0).substr(1));
    CHECK(is_line_with(error(Split::train), {"data_batch_2.bin", "got 3072 bytes"}));
}

TEST_CASE("a file of CIFAR-10 with any damage is read or rejected") {
    const TemporaryFolder folder;
    const std::string whole = record(1, 0) + record(2, 1);
    const auto load = [&] { return load_cifar10(folder.path(), Split::test); };
    put_file(folder / "test_batch.bin", whole);
    for (std::size_t size = whole.size() - 1; size > 0; --size) {
        std::filesystem::resize_file(folder / "test_batch.bin", size);
        if (size == 3073)
            REQUIRE(load().images.count == 1);
        else
            REQUIRE(is_line_with(error_of(load), {"test_batch.bin", "3073 bytes"}));
    }
    std::minstd_rand random(1);
    for (int round = 0; round < 300; ++round) {
        std::string bytes = whole;
        const std::size_t at = round % 3 == 0 ? 3073 * (random() % 2) : random() % bytes.size();
        bytes[at] = static_cast<char>(random());
        put_file(folder / "test_batch.bin", bytes);
        try {
            const LabelledImages data = load();
            REQUIRE(data.images.pixels.size() == 2 * 3072);
            REQUIRE(std::max(data.labels[0], data.labels[1]) <= 9);
        } catch (const Error& error) {
            REQUIRE(is_line_with(error.what(), {"test_batch.bin", "labels from 0 to 9"}));
        }
    }
}

TEST_CASE("batches of CIFAR-10", "[threads]") {
    const TemporaryFolder folder;
    put_file(folder / "test_batch.bin", record(1, 0) + record(2, 0));
    const LabelledImages data = load_cifar10(folder.path(), Split::test);
    Batches<float> batches(data, {.batch = 2});
    CHECK(batches.sample_size() == 3072);
    const auto labels = batches.next().labels;
    CHECK(labels[0] + labels[1] == 3);
}
