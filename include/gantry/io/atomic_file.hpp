#pragma once
#include <gantry/io/file.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

namespace gantry {

/// A file that appears whole or not at all: it is written beside its place, as `<path>.part`, and `commit`
/// moves it there. A kill at any moment, or a full disk, leaves an older file at `path` as it was. Without a
/// commit (an exception on the way), the part is removed.
class AtomicFile {
public:
    explicit AtomicFile(std::filesystem::path path)
        : path_(std::move(path)), part_(path_.string() + ".part", File::Mode::create) {}
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile() {
        if (!committed_) ::unlink(part_.path().c_str());
    }

    void write(std::span<const std::byte> bytes) { part_.write(bytes); }
    void write(std::string_view text) { part_.write(text); }

    void commit() {
        // Without the sync, a power cut after the rename could leave an empty file in the place of a good
        // one.
        part_.sync();
        if (std::rename(part_.path().c_str(), path_.c_str()) != 0) detail::fail_file("write", path_, errno);
        committed_ = true;
        detail::sync_folder(path_.parent_path());
    }

private:
    std::filesystem::path path_;
    File part_;
    bool committed_ = false;
};

/// Writes a whole file atomically.
inline void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}
inline void write_file(const std::filesystem::path& path, std::string_view text) {
    write_file(path, std::as_bytes(std::span(text)));
}

}  // namespace gantry
