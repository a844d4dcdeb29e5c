#include "io/alarms.hpp"
#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include "support/record_syncs.hpp"
#include <gantry/io/atomic_file.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

using namespace gantry;
using namespace gantry::test;

TEST_CASE("an atomic file appears when it is committed") {
    const TemporaryFolder folder;
    put_file(folder / "a", "old");
    {
        io::AtomicFile file(folder / "a");
        file.write("ne");
        file.write("w");
        CHECK(contents_of(folder / "a") == "old");
        file.commit();
    }
    CHECK(contents_of(folder / "a") == "new");
    CHECK(folder.files() == 1);
}

TEST_CASE("an atomic file is completely on disk before it is renamed, and its name afterwards") {
    const TemporaryFolder folder;
    records_syncs = true;
    io::write_file(folder / "a", "new");
    records_syncs = false;
    CHECK(synced == std::vector<std::string>{"a.part: new", "folder with a"});
}

TEST_CASE("signals with handlers do not interrupt the writing of a file") {
    const TemporaryFolder folder;
    interrupted_syncs = 3;
    io::write_file(folder / "a", "new");
    CHECK(interrupted_syncs == 0);

    // Opening a pipe waits for its reader, and writing to it for space.
    const std::filesystem::path pipe = folder / "pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    std::string got;
    std::thread reader = thread_without_alarms([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        got = contents_of(pipe);
    });
    const std::string text(1 << 20, 'x');
    const std::string error = error_of([&] {
        const Alarms alarms;
        io::File(pipe, io::File::Mode::append).write(text);
    });
    if (!error.empty()) io::File(pipe, io::File::Mode::append);  // releases the reader
    reader.join();
    CHECK(error.empty());
    CHECK(got == text);
}

TEST_CASE("an atomic file without a commit keeps the old one and leaves no partial file") {
    const TemporaryFolder folder;
    put_file(folder / "a", "old");
    {
        io::AtomicFile(folder / "a").write("new");
    }
    CHECK(contents_of(folder / "a") == "old");
    CHECK(folder.files() == 1);
}

TEST_CASE("an atomic file stays where it was created if the process changes its folder") {
    const TemporaryFolder folder, other;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    {
        io::AtomicFile file("a"), given_up("b");
        file.write("new");
        std::filesystem::current_path(other.path());
        file.commit();
    }
    std::filesystem::current_path(before);
    CHECK(contents_of(folder / "a") == "new");
    CHECK(folder.files() == 1);
    CHECK(other.files() == 0);
}

TEST_CASE("a partial file of a killed run is replaced") {
    const TemporaryFolder folder;
    put_file(folder / "a.part", "a longer rest of an earlier run");
    io::write_file(folder / "a", "new");
    CHECK(contents_of(folder / "a") == "new");
    CHECK(folder.files() == 1);
}

TEST_CASE("a full disk keeps the old file and is an error") {
    const TemporaryFolder folder;
    put_file(folder / "a", "old");
    std::filesystem::create_symlink("/dev/full", folder / "a.part");
    const std::string error = error_of([&] { io::write_file(folder / "a", "new"); });
    CHECK(is_line_with(error, {"cannot write", "a.part", "No space left on device"}));
    CHECK(contents_of(folder / "a") == "old");
    CHECK(folder.files() == 1);
}

TEST_CASE("the error of a file that cannot be read or written gives the reason") {
    const TemporaryFolder folder;
    CHECK(is_line_with(error_of([&] { io::write_file(folder / "none/a", "new"); }),
                       {"cannot write", "none/a", "No such file or directory"}));
    CHECK(
        is_line_with(error_of([&] { io::write_file(folder.path(), "new"); }), {"cannot write", "directory"}));
    CHECK(is_line_with(error_of([&] { io::File(folder / "none", io::File::Mode::read); }),
                       {"cannot read", "none", "No such file or directory"}));
    CHECK(is_line_with(error_of([&] { io::File(folder.path(), io::File::Mode::read); }),
                       {"cannot read", "Is a directory"}));
    CHECK(
        is_line_with(error_of([&] { io::File("/dev/zero", io::File::Mode::read); }), {"not a regular file"}));
}

TEST_CASE("no file gets standard output's descriptor if a program has closed it") {
    const TemporaryFolder folder;
    std::fflush(stdout);
    const int out = dup(STDOUT_FILENO);
    close(STDOUT_FILENO);
    {
        io::File file(folder / "a", io::File::Mode::create);
        CHECK(write(STDOUT_FILENO, "noise", 5) < 0);
        file.write("text");
    }
    dup2(out, STDOUT_FILENO);
    close(out);
    CHECK(contents_of(folder / "a") == "text");
}

TEST_CASE("reading beyond the end of a file is an error") {
    const TemporaryFolder folder;
    put_file(folder / "a", "abc");
    io::File file(folder / "a", io::File::Mode::read);
    CHECK(file.size() == 3);
    std::array<std::byte, 4> bytes{};
    CHECK(is_line_with(error_of([&] { file.read(bytes); }), {"ends too early"}));
}
