#pragma once
#include <gantry/core/compiler.hpp>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <utility>

namespace gantry::cuda {

/// Reports which kernel or library computes each product and convolution: a line per shape, at its first use.
/// Off unless the device was given a function for the lines, or the environment has GANTRY_CUDA_LOG=1, which
/// prints them to standard error.
class KernelLog {
public:
    /// Receives a line of the log.
    using Write = std::function<void(const std::string& line)>;

    /// A log that calls `write` for each line.
    explicit KernelLog(Write write) : write_(std::move(write)) {
        const char* const wanted = std::getenv("GANTRY_CUDA_LOG");
        if (!write_ && wanted && std::string(wanted) == "1")
            write_ = [](const std::string& line) { std::fprintf(stderr, "gantry: %s\n", line.c_str()); };
    }

    /// Logs the text that `line()` returns if it is new; calls `line` only if the log is on.
    template <class Line>
    void operator()(const Line& line) {
        if (!write_) return;
        const auto [text, is_new] = seen_.insert(line());
        if (is_new) write_(*text);
    }

private:
    Write write_;
    std::set<std::string> seen_;
};

}  // namespace gantry::cuda
