#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/file.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gantry::program {

/// Locks a folder for this process as long as the object lives. The operating system releases the lock when
/// the process ends: the file that a killed process leaves behind locks nothing.
class [[nodiscard]] FolderLock {
public:
    /// Errors: another process holds the lock; the message names it, and the folder as `name`.
    FolderLock(const std::filesystem::path& folder, const std::string& name) : path_(folder / ".lock") {
        do {
            if (descriptor_ >= 0) ::close(descriptor_);
            descriptor_ =
                io::uninterrupted([&] { return ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666); });
            if (descriptor_ < 0) io::fail_file("write", path_, errno);
            // Other errors mean that the file system does not support locks.
            if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
                const std::string owner = read();
                ::close(descriptor_);
                fail("run folder", (owner.empty() ? "another process" : "process " + owner) + " is using " +
                                       name +
                                       ": wait until it has ended, or choose another folder with --out");
            }
        } while (!is_in_place());
        const std::string process = std::to_string(::getpid());
        if (io::uninterrupted([&] { return ::ftruncate(descriptor_, 0); }) != 0 ||
            io::uninterrupted([&] { return ::pwrite(descriptor_, process.data(), process.size(), 0); }) < 0) {
            const int error = errno;
            ::close(descriptor_);
            io::fail_file("write", path_, error);
        }
    }
    FolderLock(FolderLock&& other) noexcept
        : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
    FolderLock& operator=(FolderLock&&) = delete;
    ~FolderLock() {
        if (descriptor_ < 0) return;
        ::unlink(path_.c_str());
        ::close(descriptor_);
    }

private:
    std::string read() const {
        std::array<char, 32> text{};
        const ssize_t size = ::pread(descriptor_, text.data(), text.size(), 0);
        return {text.data(), static_cast<std::size_t>(size < 0 ? 0 : size)};
    }
    /// True if the locked file still exists under its name: its previous owner may just have removed it.
    bool is_in_place() const {
        struct stat locked{}, named{};
        return ::fstat(descriptor_, &locked) == 0 && ::stat(path_.c_str(), &named) == 0 &&
               locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
    }

    std::filesystem::path path_;
    int descriptor_ = -1;
};

}  // namespace gantry::program
