// Readers of files through C libraries, which take interrupted system calls for errors.
#include "io/alarms.hpp"
#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/io/gzip_reader.hpp>
#include <gantry/io/jpeg.hpp>
#include <gantry/io/png.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

using namespace gantry;
using namespace gantry::test;

namespace {

/// Size with which pipes look like regular files, which some file systems let signals interrupt; 0: they do
/// not.
off_t size_of_pipes = 0;

int disguise_pipe(int result, struct stat* status) {
    if (result == 0 && size_of_pipes > 0 && S_ISFIFO(status->st_mode)) {
        status->st_mode = S_IFREG | 0600;
        status->st_size = size_of_pipes;
    }
    return result;
}

/// Calls `read(path)` for a file with these contents, which come so slowly that the reading is interrupted.
template <class F>
auto read_slowly(const std::string& contents, const F& read) {
    const TemporaryFolder folder;
    const std::filesystem::path pipe = folder / "pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const int writer = open(pipe.c_str(), O_RDWR);  // does not wait for a reader
    std::atomic<bool> has_read = false;
    std::thread thread = thread_without_alarms([&] {
        const std::size_t half = contents.size() / 2;
        const auto wait = [] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); };
        wait();
        for (const auto& part : {contents.substr(0, half), contents.substr(half)}) {
            if (write(writer, part.data(), part.size()) < 0) break;
            wait();
        }
        for (int left = 1; left > 0 && !has_read; wait()) ioctl(writer, FIONREAD, &left);
        close(writer);  // the end of the file
    });
    size_of_pipes = static_cast<off_t>(contents.size());
    decltype(read(pipe)) result{};
    const std::string error = error_of([&] {
        const Alarms alarms;
        result = read(pipe);
    });
    size_of_pipes = 0;
    has_read = true;
    thread.join();
    CHECK(error == "");
    return result;
}

}  // namespace

// Replace the C library's.
extern "C" int stat(const char* path, struct stat* status) noexcept {
    return disguise_pipe(fstatat(AT_FDCWD, path, status, 0), status);
}
extern "C" int fstat(int descriptor, struct stat* status) noexcept {
    return disguise_pipe(fstatat(descriptor, "", status, AT_EMPTY_PATH), status);
}

TEST_CASE("signals with handlers do not interrupt the reading of pictures") {
    const std::filesystem::path pictures = GANTRY_TEST_IO_FOLDER "/pillow";
    const auto png = [](const std::filesystem::path& path) { return read_png(path); };
    const auto jpeg = [](const std::filesystem::path& path) { return read_jpeg(path); };
    CHECK(read_slowly(contents_of(pictures / "type2_8.png"), png) == read_png(pictures / "type2_8.png"));
    CHECK(read_slowly(contents_of(pictures / "444.jpg"), jpeg) == read_jpeg(pictures / "444.jpg"));
}

TEST_CASE("signals with handlers do not interrupt the reading of compressed files") {
    const TemporaryFolder folder;
    const gzFile file = gzopen((folder / "a.gz").c_str(), "wb");
    REQUIRE(gzputs(file, "a text") == 6);
    REQUIRE(gzclose(file) == Z_OK);
    CHECK(read_slowly(contents_of(folder / "a.gz"), [](const std::filesystem::path& path) {
              std::vector<std::uint8_t> bytes(6);
              io::GzipReader reader(path);
              CHECK(reader.read(bytes) == 6);
              return std::string(bytes.begin(), bytes.end());
          }) == "a text");
}
