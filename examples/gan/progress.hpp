#pragma once
#include "figure.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

namespace gantry::gan {

/// 3725 seconds as "1h 02m", 95 as "1m 35s".
inline std::string duration_text(double seconds) {
    const auto s = static_cast<long>(seconds + 0.5);
    char text[48];
    if (s >= 3600)
        std::snprintf(text, sizeof text, "%ldh %02ldm", s / 3600, s / 60 % 60);
    else if (s >= 60)
        std::snprintf(text, sizeof text, "%ldm %02lds", s / 60, s % 60);
    else
        std::snprintf(text, sizeof text, "%lds", s);
    return text;
}

/// "  loss 0.693  accuracy 0.50"
inline std::string figures_text(const std::vector<Figure>& figures, const std::vector<double>& values) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        char value[48];
        std::snprintf(value, sizeof value, " %.*f", figures[i].decimals, values[i]);
        text += "  " + figures[i].label + value;
    }
    return text;
}

/// How training goes, on standard output: on a terminal a line that rewrites itself some times a second; in a
/// file or a pipe a line of its own for each report. Figures are means since the last report, followed by
/// those of the last test.
class Progress {
public:
    /// Training begins at iteration `first` and ends at `last`.
    Progress(const std::vector<Figure>& figures, const std::vector<Figure>& test_figures, std::uint64_t first,
             std::uint64_t last)
        : figures_(figures), test_figures_(test_figures), first_(first), last_(last), sums_(figures.size()) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { end_line(); }

    void add(std::uint64_t iteration, const std::vector<double>& values) {
        iteration_ = iteration;
        for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += values[i];
        ++count_;
        if (!terminal_) return;
        const auto now = Clock::now();
        if (now - shown_ < std::chrono::milliseconds(200)) return;
        shown_ = now;
        const std::string line = text().substr(0, terminal_width() - 1);
        std::printf("\r%s\x1b[K", line.c_str());
        std::fflush(stdout);
        open_line_ = true;
    }
    /// To be called at each report: begins new means.
    void report(const std::vector<double>& test_values) {
        tested_ = figures_text(test_figures_, test_values);
        if (!terminal_ && count_ > 0) {
            std::printf("%s\n", text().c_str());
            std::fflush(stdout);
        }
        std::fill(sums_.begin(), sums_.end(), 0.0);
        count_ = 0;
    }
    /// So that something else can be printed.
    void end_line() {
        if (open_line_) std::printf("\n");
        open_line_ = false;
    }
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

private:
    using Clock = std::chrono::steady_clock;

    std::string text() const {
        const double rate = static_cast<double>(iteration_ - first_) / std::max(seconds(), 1e-9);
        char line[120];
        std::snprintf(line, sizeof line, "iteration %llu/%llu  %.1f it/s  %s left",
                      static_cast<unsigned long long>(iteration_), static_cast<unsigned long long>(last_),
                      rate, duration_text(static_cast<double>(last_ - iteration_) / rate).c_str());
        std::vector<double> means = sums_;
        for (double& mean : means) mean /= count_;
        return line + figures_text(figures_, means) + tested_;
    }
    static std::size_t terminal_width() {
        winsize size{};
        return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
    }

    const std::vector<Figure>&figures_, &test_figures_;
    std::uint64_t first_, last_, iteration_ = 0;
    std::vector<double> sums_;
    std::string tested_;
    int count_ = 0;
    bool terminal_ = isatty(STDOUT_FILENO) == 1, open_line_ = false;
    Clock::time_point start_ = Clock::now(), shown_{};
};

}  // namespace gantry::gan
