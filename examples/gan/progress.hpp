#pragma once
#include "trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

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

/// How training goes, on standard output: on a terminal a line that rewrites itself some times a second; in a
/// file or a pipe a line of its own for each report. Losses are means since the last report.
class Progress {
public:
    /// Training begins at iteration `first` and ends at `last`.
    Progress(std::uint64_t first, std::uint64_t last) : first_(first), last_(last) {}
    ~Progress() { end_line(); }

    void add(std::uint64_t iteration, const GanLosses& losses) {
        iteration_ = iteration;
        sum_.discriminator += losses.discriminator;
        sum_.generator += losses.generator;
        sum_.real_rating += losses.real_rating;
        sum_.fake_rating += losses.fake_rating;
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
    void report() {
        if (!terminal_ && count_ > 0) {
            std::printf("%s\n", text().c_str());
            std::fflush(stdout);
        }
        sum_ = {};
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
        const double n = count_;
        char line[200];
        std::snprintf(
            line, sizeof line,
            "iteration %llu/%llu  %.1f it/s  %s left  D loss %.3f  G loss %.3f  D(x) %.2f  D(G(z)) %.2f",
            static_cast<unsigned long long>(iteration_), static_cast<unsigned long long>(last_), rate,
            duration_text(static_cast<double>(last_ - iteration_) / rate).c_str(), sum_.discriminator / n,
            sum_.generator / n, sum_.real_rating / n, sum_.fake_rating / n);
        return line;
    }
    static std::size_t terminal_width() {
        winsize size{};
        return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
    }

    std::uint64_t first_, last_, iteration_ = 0;
    GanLosses sum_;
    int count_ = 0;
    bool terminal_ = isatty(STDOUT_FILENO) == 1, open_line_ = false;
    Clock::time_point start_ = Clock::now(), shown_{};
};

}  // namespace gantry::gan
