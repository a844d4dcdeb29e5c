#pragma once
#include "io/temporary_folder.hpp"
#include "support/catch.hpp"

#include <cstdio>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace gantry::test {

/// Result of running a program.
struct Result {
    int code = 0;
    std::string output;  ///< standard output and standard error
};

/// Calls a program's main function with these arguments and captures its output.
inline Result call(const std::function<int(int, const char* const*)>& main_function,
                   const std::vector<std::string>& arguments) {
    std::vector<const char*> argv{"program"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    const TemporaryFolder folder;
    std::fflush(nullptr);
    const int out = dup(1), err = dup(2);
    const int file = open((folder / "output").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    dup2(file, 1);
    dup2(file, 2);
    Result result;
    result.code = main_function(static_cast<int>(argv.size()), argv.data());
    std::fflush(nullptr);
    dup2(out, 1);
    dup2(err, 2);
    for (const int descriptor : {out, err, file}) close(descriptor);
    result.output = contents_of(folder / "output");
    return result;
}

/// True if the error is a single line with all `parts`; a run may print its header before it.
inline bool is_error(const Result& result, std::initializer_list<std::string_view> parts) {
    INFO(result.output);
    std::string text = result.output;
    for (const std::string_view header : {"Data: ", "Networks: ", "Device: the CPU, ", "Folder: "})
        if (text.starts_with(header)) text.erase(0, text.find('\n') + 1);
    CHECK(result.code == 1);
    const bool good =
        text.ends_with('\n') && is_line_with(text.substr(0, text.size() - 1), parts) && text.starts_with('[');
    CHECK(good);
    return good && result.code == 1;
}

}  // namespace gantry::test
