#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/io/atomic_file.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

using namespace gantry;

namespace {

std::vector<std::string> synced;  // each synced file's name and its contents at that time

}  // namespace

// Replaces the C library's.
extern "C" int fsync(int descriptor) {
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor));
    synced.push_back(path.filename().string() + ": " + contents_of(path));
    return static_cast<int>(syscall(SYS_fsync, descriptor));
}

TEST_CASE("an atomic file appears when it is committed") {
    const TemporaryFolder folder;
    put_file(folder / "a", "old");
    {
        AtomicFile file(folder / "a");
        file.write("ne");
        file.write("w");
        CHECK(contents_of(folder / "a") == "old");
        file.commit();
    }
    CHECK(contents_of(folder / "a") == "new");
    CHECK(folder.files() == 1);
}

TEST_CASE("an atomic file is completely on disk before it is renamed") {
    const TemporaryFolder folder;
    synced.clear();
    write_file(folder / "a", "new");
    REQUIRE(!synced.empty());
    CHECK(synced.front() == "a.part: new");
}

TEST_CASE("an atomic file without a commit keeps the old one and leaves no partial file") {
    const TemporaryFolder folder;
    put_file(folder / "a", "old");
    { AtomicFile(folder / "a").write("new"); }
    CHECK(contents_of(folder / "a") == "old");
    CHECK(folder.files() == 1);
}

TEST_CASE("an atomic file stays where it was created if the process changes its folder") {
    const TemporaryFolder folder, other;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    {
        AtomicFile file("a"), given_up("b");
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
    write_file(folder / "a", "new");
    CHECK(contents_of(folder / "a") == "new");
    CHECK(folder.files() == 1);
}

TEST_CASE("a full disk keeps the old file and is an error") {
    const TemporaryFolder folder;
    put_file(folder / "a", "old");
    std::filesystem::create_symlink("/dev/full", folder / "a.part");
    const std::string error = error_of([&] { write_file(folder / "a", "new"); });
    CHECK(is_line_with(error, {"cannot write", "a.part", "No space left on device"}));
    CHECK(contents_of(folder / "a") == "old");
    CHECK(folder.files() == 1);
}

TEST_CASE("the error of a file that cannot be read or written gives the reason") {
    const TemporaryFolder folder;
    CHECK(is_line_with(error_of([&] { write_file(folder / "none/a", "new"); }),
                       {"cannot write", "none/a", "No such file or directory"}));
    CHECK(is_line_with(error_of([&] { write_file(folder.path(), "new"); }), {"cannot write", "directory"}));
    CHECK(is_line_with(error_of([&] { File(folder / "none", File::Mode::read); }),
                       {"cannot read", "none", "No such file or directory"}));
    CHECK(is_line_with(error_of([&] { File(folder.path(), File::Mode::read); }),
                       {"cannot read", "Is a directory"}));
    CHECK(is_line_with(error_of([&] { File("/dev/zero", File::Mode::read); }), {"not a regular file"}));
}

TEST_CASE("no file gets standard output's descriptor if a program has closed it") {
    const TemporaryFolder folder;
    std::fflush(stdout);
    const int out = dup(STDOUT_FILENO);
    close(STDOUT_FILENO);
    {
        File file(folder / "a", File::Mode::create);
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
    File file(folder / "a", File::Mode::read);
    CHECK(file.size() == 3);
    std::array<std::byte, 4> bytes{};
    CHECK(is_line_with(error_of([&] { file.read(bytes); }), {"ends too early"}));
}
