#pragma once
#include <gantry/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gantry::io {

/// Throws an Error with the system's message: `[file] cannot write run/losses.csv: No space left on device`.
[[noreturn]] inline void fail_file(std::string_view action, const std::filesystem::path& path, int error) {
    fail("file", "cannot " + std::string(action) + " " + path.string() + ": " +
                     std::generic_category().message(error));
}
/// Calls `f`, a system call, until it is not interrupted by a signal: handlers of the program may be
/// installed without SA_RESTART.
template <class F>
auto uninterrupted(const F& f) {
    auto result = f();
    while (result < 0 && errno == EINTR) result = f();
    return result;
}
/// Type of the file at `path`, following symbolic links; file_type::not_found if there is none. Errors: the
/// type cannot be determined.
inline std::filesystem::file_type file_type(const std::filesystem::path& path) {
    std::error_code error;
    const auto type = std::filesystem::status(path, error).type();
    if (type == std::filesystem::file_type::none) fail_file("read", path, error.value());
    return type;
}
/// True if `path` exists, following symbolic links. Errors: as file_type.
inline bool exists(const std::filesystem::path& path) {
    return file_type(path) != std::filesystem::file_type::not_found;
}
/// `path` from the root, so that it means the same file if the process changes its folder later.
inline std::filesystem::path absolute(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::path result = std::filesystem::absolute(path, error);
    if (error) fail_file("find the folder of", path, error.value());
    return result;
}
/// Syncs a folder's entries to disk, so that files created or renamed in it survive a power failure.
inline void sync_folder(const std::filesystem::path& folder) {
    const int descriptor = uninterrupted(
        [&] { return ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (descriptor < 0) fail_file("read", folder, errno);
    const int error = uninterrupted([&] { return ::fsync(descriptor); }) == 0 ? 0 : errno;
    ::close(descriptor);
    // EINVAL: the file system does not support fsync on folders.
    if (error != 0 && error != EINVAL) fail_file("write", folder, error);
}

/// An open file. Every call either completes or throws an Error with the path and the reason.
class File {
public:
    /// What a file is opened for.
    enum class Mode {
        read,    ///< an existing regular file
        create,  ///< a new file; truncates an existing one
        append,  ///< writes go to the end; creates the file if there is none
    };

    /// Opens a file. Errors: it cannot be opened; to read, it is not a regular file.
    File(std::filesystem::path path, Mode mode) : path_(std::move(path)) {
        if (mode == Mode::read) {
            // Opening a pipe would block until there is a writer, and opening a folder succeeds.
            struct stat status{};
            if (::stat(path_.c_str(), &status) != 0) fail_file("read", path_, errno);
            if (S_ISDIR(status.st_mode)) fail_file("read", path_, EISDIR);
            if (!S_ISREG(status.st_mode)) fail("file", path_.string() + " is not a regular file");
        }
        const int flags = mode == Mode::read     ? O_RDONLY
                          : mode == Mode::create ? O_WRONLY | O_CREAT | O_TRUNC
                                                 : O_WRONLY | O_CREAT | O_APPEND;
        descriptor_ = uninterrupted([&] { return ::open(path_.c_str(), flags | O_CLOEXEC, 0666); });
        // If the program has closed a standard stream, its descriptor must not be reused: output to that
        // stream would end up in the file.
        if (descriptor_ >= 0 && descriptor_ <= STDERR_FILENO) {
            const int low =
                std::exchange(descriptor_, ::fcntl(descriptor_, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
            ::close(low);
        }
        if (descriptor_ < 0) fail_file(mode == Mode::read ? "read" : "write", path_, errno);
    }
    /// Takes over the open file; `other` may only be destroyed.
    File(File&& other) noexcept
        : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    /// The path that it was opened with.
    const std::filesystem::path& path() const { return path_; }

    /// Size of the file in bytes.
    std::size_t size() const {
        struct stat status{};
        if (::fstat(descriptor_, &status) != 0) fail_file("read", path_, errno);
        return static_cast<std::size_t>(status.st_size);
    }

    /// A stdio stream for C libraries, positioned where the last read ended. The caller closes it.
    std::FILE* stream() const {
        const int copy = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
        std::FILE* const stream = copy < 0 ? nullptr : ::fdopen(copy, "rb");
        if (stream != nullptr) return stream;
        const int error = errno;
        if (copy >= 0) ::close(copy);
        fail_file("read", path_, error);
    }

    /// Fills `bytes` from the current position. Errors: a read error; the file ends too early.
    void read(std::span<std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t done =
                uninterrupted([&] { return ::read(descriptor_, bytes.data(), bytes.size()); });
            if (done < 0) fail_file("read", path_, errno);
            if (done == 0) fail("file", "cannot read " + path_.string() + ": the file ends too early");
            bytes = bytes.subspan(static_cast<std::size_t>(done));
        }
    }

    /// Writes all bytes. Errors: a write error, such as a full disk.
    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t done =
                uninterrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
            if (done < 0) fail_file("write", path_, errno);
            bytes = bytes.subspan(static_cast<std::size_t>(done));
        }
    }
    /// The same for text.
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

    /// Syncs everything written to disk.
    void sync() {
        // EINVAL: the file system does not support fsync.
        if (uninterrupted([&] { return ::fsync(descriptor_); }) != 0 && errno != EINVAL)
            fail_file("write", path_, errno);
    }

private:
    std::filesystem::path path_;
    int descriptor_ = -1;
};

}  // namespace gantry::io
