#pragma once
#include <gantry/io/file.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string_view>

namespace gantry::io {

/// A file that is written completely or not at all: data goes to `<path>.part`, which `commit` renames to
/// `path`. An older file at `path` survives a kill at any moment and a full disk. Without a commit (after an
/// exception, for example), the destructor removes the partial file.
class AtomicFile {
public:
    /// Errors: `<path>.part` cannot be created.
    explicit AtomicFile(const std::filesystem::path& path)
        : path_(io::absolute(path)), part_(path_.string() + ".part", File::Mode::create) {}
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile() {
        if (!committed_) ::unlink(part_.path().c_str());
    }

    /// Appends. Errors: the file cannot be written.
    void write(std::span<const std::byte> bytes) { part_.write(bytes); }
    /// The same for text.
    void write(std::string_view text) { part_.write(text); }

    /// Syncs the file to disk and renames it to `path`. Errors: the file cannot be written.
    void commit() {
        // Without the sync, a power failure after the rename could replace a good file by an empty one.
        part_.sync();
        if (std::rename(part_.path().c_str(), path_.c_str()) != 0) fail_file("write", path_, errno);
        committed_ = true;
        sync_folder(path_.parent_path());
    }

private:
    std::filesystem::path path_;
    File part_;
    bool committed_ = false;
};

/// Writes a whole file atomically; see AtomicFile.
inline void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    io::AtomicFile file(path);
    file.write(bytes);
    file.commit();
}
/// The same for text.
inline void write_file(const std::filesystem::path& path, std::string_view text) {
    write_file(path, std::as_bytes(std::span(text)));
}

}  // namespace gantry::io
