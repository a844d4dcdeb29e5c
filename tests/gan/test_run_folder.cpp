#include "io/temporary_folder.hpp"
#include "program/run_folder.hpp"
#include "support/catch.hpp"
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace gantry;
using gantry::program::RunFolder;

namespace {

/// A checkpoint whose values identify it by number.
Safetensors numbered(std::uint64_t number) {
    Safetensors contents;
    contents.tensors["iterations"] = io::make_entry({}, std::span(&number, 1));
    contents.tensors["numbers"] = io::make_entry({50'000}, std::vector<std::uint64_t>(50'000, number));
    return contents;
}
std::uint64_t number_of(const Safetensors& contents) {
    std::vector<std::uint64_t> numbers(50'000);
    io::copy_values(contents, "numbers", std::span(numbers));
    REQUIRE(std::ranges::count(numbers, numbers[0]) == 50'000);
    return numbers[0];
}

}  // namespace

TEST_CASE("A run folder keeps the newest checkpoint and the one before it", "") {
    const TemporaryFolder temporary;
    const RunFolder folder(temporary / "deep/run");
    static_cast<void>(folder.begin());
    CHECK_FALSE(folder.has_checkpoint());
    CHECK(is_line_with(error_of([&] { folder.newest_checkpoint(); }),
                       {"there is no checkpoint to resume from"}));

    for (std::uint64_t number = 1; number <= 3; ++number) folder.save(numbered(number));
    CHECK(number_of(folder.load()) == 3);
    CHECK(number_of(read_safetensors(folder.path() / "checkpoint-previous.safetensors")) == 2);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
    CHECK(is_line_with(error_of([&] { return folder.begin(); }),
                       {"there is a run in", "--resume", "or choose another folder with --out"}));

    // As after a kill between the renames.
    std::filesystem::remove(folder.path() / "checkpoint.safetensors");
    CHECK(number_of(folder.load()) == 2);

    // As after a kill before the renames: the save is completed.
    write_safetensors(folder.path() / "checkpoint-new.safetensors", numbered(4));
    static_cast<void>(folder.take_over());
    CHECK(number_of(folder.load()) == 4);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("A folder belongs to one process at a time, and is free after a kill", "") {
    const TemporaryFolder temporary;
    const RunFolder folder(temporary / "run");
    std::array<int, 2> ready{};
    REQUIRE(pipe(ready.data()) == 0);
    const pid_t child = fork();
    if (child == 0) {
        alarm(20);  // ends the child of a test that fails
        const program::FolderLock lock = folder.begin();
        if (write(ready[1], "!", 1) == 1) pause();
        _exit(1);
    }
    char mark = 0;
    REQUIRE(read(ready[0], &mark, 1) == 1);
    const std::string owner = "process " + std::to_string(child) + " is using";
    CHECK(is_line_with(error_of([&] { return folder.begin(); }),
                       {owner, "or choose another folder with --out"}));
    CHECK(is_line_with(error_of([&] { return folder.take_over(); }), {owner}));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    for (const int descriptor : ready) close(descriptor);
    {
        const program::FolderLock lock = folder.begin();
        CHECK(is_line_with(error_of([&] { return folder.begin(); }), {std::to_string(getpid())}));
    }
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("Partly written files of a killed process are removed, and nothing else", "") {
    const TemporaryFolder temporary;
    const RunFolder folder(temporary.path());
    for (const char* rest : {"checkpoint-new.safetensors.part", "samples-000100.png.part", "losses.svg.part",
                             "samples.gif.part", "confusion.csv.part"})
        put_file(temporary / rest, "half");
    for (const char* other : {"film.mp4.part", "notes.part", "samples-000100.png"})
        put_file(temporary / other, "whole");
    static_cast<void>(folder.take_over());
    CHECK(temporary.files() == 3);
}

TEST_CASE("An animation omits images that are missing, damaged or of another size", "") {
    const TemporaryFolder temporary;
    const RunFolder folder(temporary.path());
    const io::Image grey{2, 3, 1, std::vector<std::uint8_t>(6, 100)};
    folder.write_image(2, grey);
    folder.write_image(4, grey);
    const std::vector<std::uint64_t> all{1, 2, 3, 4, 5};
    put_file(folder.image(1), "no image");
    folder.write_image(5, {2, 2, 1, std::vector<std::uint8_t>(4, 100)});
    CHECK(folder.write_animation(all) == 3);
    const std::string two = contents_of(folder.animation());
    CHECK(folder.write_animation({2, 4}) == 0);
    CHECK(contents_of(folder.animation()) == two);
    CHECK(folder.write_animation({1, 3}) == 2);  // no images: the old file stays
    CHECK(contents_of(folder.animation()) == two);
    CHECK_FALSE(folder.write_plot("none", {}));
}

TEST_CASE("The error of a damaged checkpoint names the previous one", "") {
    const TemporaryFolder temporary;
    const RunFolder folder(temporary.path());
    folder.save(numbered(1));
    const std::string whole = contents_of(folder.newest_checkpoint());
    put_file(folder.newest_checkpoint(), whole.substr(0, whole.size() / 2));
    CHECK(is_line_with(error_of([&] { folder.load(); }), {"checkpoint.safetensors is damaged"}));
    folder.save(numbered(2));
    put_file(folder.newest_checkpoint(), "");
    CHECK(is_line_with(error_of([&] { folder.load(); }), {"checkpoint.safetensors is damaged",
                                                          "checkpoint-previous.safetensors", "damaged too"}));
    for (const std::uint64_t number : {3, 4}) folder.save(numbered(number));
    put_file(folder.newest_checkpoint(), "");
    CHECK(is_line_with(
        error_of([&] { folder.load(); }),
        {"checkpoint.safetensors is damaged", "the one before it, of iteration 3, is valid", "mv"}));
}

TEST_CASE("A kill during a save leaves a valid checkpoint", "") {
    const TemporaryFolder temporary;
    const RunFolder folder(temporary.path());
    folder.save(numbered(1));
    std::uint64_t last = 1;
    for (int round = 0; round < 20; ++round) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(20);
            for (std::uint64_t number = last + 1;; ++number) folder.save(numbered(number));
        }
        std::this_thread::sleep_for(std::chrono::microseconds(5000 + 700 * round));
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        const std::uint64_t now = number_of(folder.load());
        CHECK(now >= last);
        last = now;
    }
    CHECK(last > 1);  // something was written in between
}

TEST_CASE("Images are found in the order of their iterations", "") {
    const TemporaryFolder temporary;
    const RunFolder folder(temporary.path());
    for (const std::uint64_t iteration : {1'000'000, 0, 500, 999'999})
        put_file(folder.image(iteration), "image");
    for (const char* other : {"samples-.png", "samples-12.png", "samples-000500.jpg", "losses.csv"})
        put_file(temporary / other, "");
    CHECK(folder.image(500).filename() == "samples-000500.png");
    CHECK(folder.images(2'000'000) == std::vector<std::uint64_t>{0, 500, 999'999, 1'000'000});
    CHECK(folder.images(999'999) == std::vector<std::uint64_t>{0, 500, 999'999});
}
