#pragma once
#include <gantry/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

// A reader must accept any input or throw an Error of one line. Anything else is a bug: another exception, a
// crash, a leak, undefined behaviour, or no result within a second.

namespace gantry::fuzz {

/// An in-memory file that holds the input.
class InputFile {
public:
    InputFile() : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
        if (descriptor_ < 0) throw std::system_error(errno, std::generic_category());
    }
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;
    ~InputFile() { ::close(descriptor_); }

    std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }
    void set(std::span<const std::uint8_t> input) const {
        const auto size = static_cast<ssize_t>(input.size());
        if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, input.data(), input.size(), 0) != size)
            throw std::system_error(errno, std::generic_category());
    }

private:
    int descriptor_;
};

/// A temporary folder, removed at the end of the program.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "gantry-fuzz-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category());
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const { return path_; }
    void put(std::string_view name, std::span<const std::uint8_t> contents) const {
        std::FILE* const file = std::fopen((path_ / name).c_str(), "wb");
        if (file == nullptr) throw std::system_error(errno, std::generic_category());
        std::fwrite(contents.data(), 1, contents.size(), file);
        std::fclose(file);
    }

private:
    std::filesystem::path path_;
};

/// Runs `action`; an Error must be one line.
template <class Action>
void accept_or_refuse(const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        const std::string_view text = error.what();
        if (text.empty() || text.find('\n') != text.npos) std::abort();
    }
}

}  // namespace gantry::fuzz

/// Defines libFuzzer's entry point, with the input as `input`.
#define GANTRY_FUZZ(input)                                                           \
    static void fuzz_one(std::span<const std::uint8_t> input);                       \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n) { \
        fuzz_one({data, n});                                                         \
        return 0;                                                                    \
    }                                                                                \
    static void fuzz_one(std::span<const std::uint8_t> input)
