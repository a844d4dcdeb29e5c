#pragma once
// Replaces the C library's fsync of a test program by one that can record what it syncs. Include it in one
// file of the program.
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include <io/temporary_folder.hpp>
#include <sys/syscall.h>
#include <unistd.h>

namespace gantry::test {

inline bool records_syncs = false;
/// Each synced file, "name: contents at that time", and each synced folder, "folder with name" for each of
/// its entries.
inline std::vector<std::string> synced;
inline int interrupted_syncs = 0;  ///< that many calls of fsync are interrupted

}  // namespace gantry::test

extern "C" int fsync(int descriptor) {
    using namespace gantry::test;
    if (interrupted_syncs > 0) {
        --interrupted_syncs;
        errno = EINTR;
        return -1;
    }
    if (records_syncs) {
        const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor));
        if (std::filesystem::is_directory(path))
            for (const auto& entry : std::filesystem::directory_iterator(path))
                synced.push_back("folder with " + entry.path().filename().string());
        else
            synced.push_back(path.filename().string() + ": " + contents_of(path));
    }
    return static_cast<int>(syscall(SYS_fsync, descriptor));
}
