#pragma once
#include <gantry/core/error.hpp>

#include <cstdio>
#include <string_view>

namespace gantry::program {

/// Prints a line to `stream`, standard output by default. Control characters, which file names may contain,
/// are printed as \xNN.
inline void print_line(std::string_view text, std::FILE* stream = stdout) {
    std::fprintf(stream, "%s\n", core::printable(text).c_str());
    std::fflush(stream);
}

}  // namespace gantry::program
