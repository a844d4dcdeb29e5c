// Loads a folder of images with too little memory.
#include "io/temporary_folder.hpp"
#include "io/write_jpeg.hpp"
#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include <gantry/data/image_folder.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <new>
#include <string>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

const io::Image grey{9, 7, 3, std::vector<std::uint8_t>(189, 100)};
}  // namespace

TEST_CASE("lack of memory is no damaged image") {
    if (!counts_allocations) return;
    const TemporaryFolder folder;
    write_png(folder / "a.png", grey);
    // A large allocation fails, while small ones succeed.
    failing_allocations = 1;
    CHECK(fail_each_allocation([&] { resize_to_fill(read_png(folder / "a.png"), 4, 4); }) > 20);
    failing_allocations = std::numeric_limits<std::size_t>::max();
}

TEST_CASE("lack of memory in any thread ends the loading of a folder") {
    if (!counts_allocations) return;
    const TemporaryFolder folder;
    for (const char* name : {"a.png", "b.png", "c.png"}) write_png(folder / name, grey);
    ImageFolder loaded;
    const auto load = [&] {
        loaded = load_image_folder(folder.path(), {.height = 4, .width = 4, .skip_broken = true});
    };
    load();  // starts the threads that it needs
    // libstdc++'s directory_iterator ends the program if it lacks memory.
    const std::size_t before = allocations;
    detail::ImageFinder(folder.path());
    const std::size_t spared = allocations - before + 20;
    allocation_limit = allocations + spared;
    CHECK_THROWS_AS(load(), std::bad_alloc);
    allocation_limit = std::numeric_limits<std::size_t>::max();
}

#ifndef GANTRY_TEST_SANITIZERS  // which replace malloc, too
namespace {
std::size_t mallocs = 0;
std::size_t most_mallocs = std::numeric_limits<std::size_t>::max();  ///< the others return nullptr
}  // namespace

extern "C" void* __libc_malloc(std::size_t);
extern "C" void* malloc(std::size_t size) noexcept {
    if (mallocs++ < most_mallocs) return __libc_malloc(size);
    errno = ENOMEM;
    return nullptr;
}

TEST_CASE("lack of memory in libjpeg is no damaged file") {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder / "a.jpg";
    write_jpeg(path, grey);
    std::size_t failures = 0;
    bool finished = false;
    for (std::size_t allowed = 0; !finished; ++allowed) {
        std::string error;
        mallocs = 0;
        most_mallocs = allowed;
        try {
            read_jpeg(path);
        } catch (const std::bad_alloc&) {
            ++failures;
        } catch (const Error& of_stream) {
            error = of_stream.what();
        }
        finished = mallocs <= allowed;
        most_mallocs = std::numeric_limits<std::size_t>::max();
        CAPTURE(allowed, error);
        CHECK((error.empty() || error.ends_with("Cannot allocate memory")));
    }
    CHECK(failures > 5);
}
#endif
