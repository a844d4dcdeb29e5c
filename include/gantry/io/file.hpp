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

namespace gantry {

namespace detail {
/// Throws what the system said about `path`: `[file] cannot write run/losses.csv: No space left on device`.
[[noreturn]] inline void fail_file(std::string_view action, const std::filesystem::path& path, int error) {
    fail("file", "cannot " + std::string(action) + " " + path.string() + ": " +
                     std::generic_category().message(error));
}
/// What is at `path`, behind symbolic links: file_type::not_found if there is nothing. Throws an Error if the
/// system does not say.
inline std::filesystem::file_type file_type(const std::filesystem::path& path) {
    std::error_code error;
    const auto type = std::filesystem::status(path, error).type();
    if (type == std::filesystem::file_type::none) fail_file("read", path, error.value());
    return type;
}
/// Whether there is anything at `path`, behind symbolic links. Throws as file_type does.
inline bool exists(const std::filesystem::path& path) {
    return file_type(path) != std::filesystem::file_type::not_found;
}
/// Returns when the disk holds the names of the files in `folder`: a new name, or one that a rename gave.
inline void sync_folder(const std::filesystem::path& folder) {
    const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail_file("read", folder, errno);
    const int error = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    // EINVAL: a file system that has no fsync of folders.
    if (error != 0 && error != EINVAL) fail_file("write", folder, error);
}
}  // namespace detail

/// An open file. Each call does all that it was asked to do or throws an Error with the path and the reason.
class File {
public:
    enum class Mode {
        read,    ///< a regular file that exists
        create,  ///< a new file, or an old one emptied
        append,  ///< writes go to the end; the file is made if there is none
    };

    File(std::filesystem::path path, Mode mode) : path_(std::move(path)) {
        if (mode == Mode::read) {
            // Opening a pipe would wait for a writer, and a folder opens without an error.
            struct stat status {};
            if (::stat(path_.c_str(), &status) != 0) detail::fail_file("read", path_, errno);
            if (S_ISDIR(status.st_mode)) detail::fail_file("read", path_, EISDIR);
            if (!S_ISREG(status.st_mode)) fail("file", path_.string() + " is not a regular file");
        }
        const int flags = mode == Mode::read     ? O_RDONLY
                          : mode == Mode::create ? O_WRONLY | O_CREAT | O_TRUNC
                                                 : O_WRONLY | O_CREAT | O_APPEND;
        descriptor_ = ::open(path_.c_str(), flags | O_CLOEXEC, 0666);
        // The numbers of standard input and output, where a program has closed them, are not for files: what
        // is printed would go into one.
        if (descriptor_ >= 0 && descriptor_ <= STDERR_FILENO) {
            const int low =
                std::exchange(descriptor_, ::fcntl(descriptor_, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
            ::close(low);
        }
        if (descriptor_ < 0) detail::fail_file(mode == Mode::read ? "read" : "write", path_, errno);
    }
    File(File&& other) noexcept
        : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    const std::filesystem::path& path() const { return path_; }

    /// Bytes in the file.
    std::size_t size() const {
        struct stat status {};
        if (::fstat(descriptor_, &status) != 0) detail::fail_file("read", path_, errno);
        return static_cast<std::size_t>(status.st_size);
    }

    /// The file for a C library, from where the last read ended. To be closed by the caller.
    std::FILE* stream() const {
        const int copy = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
        std::FILE* const stream = copy < 0 ? nullptr : ::fdopen(copy, "rb");
        if (stream != nullptr) return stream;
        const int error = errno;
        if (copy >= 0) ::close(copy);
        detail::fail_file("read", path_, error);
    }

    /// Fills `bytes` from where the last read ended.
    void read(std::span<std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t done = ::read(descriptor_, bytes.data(), bytes.size());
            if (done < 0 && errno == EINTR) continue;  // Ctrl-C in the middle of a read
            if (done < 0) detail::fail_file("read", path_, errno);
            if (done == 0) fail("file", "cannot read " + path_.string() + ": the file ends too early");
            bytes = bytes.subspan(static_cast<std::size_t>(done));
        }
    }

    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
            if (done < 0 && errno == EINTR) continue;
            if (done < 0) detail::fail_file("write", path_, errno);
            bytes = bytes.subspan(static_cast<std::size_t>(done));
        }
    }
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

    /// Returns when the disk holds everything that was written.
    void sync() {
        // EINVAL: a file system that has no fsync.
        if (::fsync(descriptor_) != 0 && errno != EINVAL) detail::fail_file("write", path_, errno);
    }

private:
    std::filesystem::path path_;
    int descriptor_ = -1;
};

}  // namespace gantry
