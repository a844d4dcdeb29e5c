#pragma once
#include <gantry/core/error.hpp>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

/// A temporary folder, removed at the end of the test.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "gantry-test-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }

    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }
    std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
    }

private:
    std::filesystem::path path_;
};

inline std::string contents_of(const std::filesystem::path& path) {
    // Not character by character: a checkpoint has sixteen million.
    return (std::ostringstream() << std::ifstream(path, std::ios::binary).rdbuf()).str();
}

inline void put_file(const std::filesystem::path& path, std::string_view contents) {
    std::ofstream(path, std::ios::binary) << contents;
}

/// The message of the gantry::Error that `action` throws, or "".
template <class Action>
std::string error_of(const Action& action) {
    try {
        static_cast<void>(action());
    } catch (const gantry::Error& error) {
        return error.what();
    }
    return "";
}

/// True if `text` is a single line that contains all `parts`.
inline bool is_line_with(const std::string& text, std::initializer_list<std::string_view> parts) {
    bool all = !text.empty() && text.find('\n') == text.npos;
    for (const std::string_view part : parts) all = all && text.find(part) != text.npos;
    return all;
}
