#pragma once
#include "metric.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

namespace gantry::program {

/// Formats 3725 seconds as "1h 02m", 95 as "1m 35s".
inline std::string duration_text(double seconds) {
    const long s = std::lround(seconds);
    char text[48];
    if (s >= 3600)
        std::snprintf(text, sizeof text, "%ldh %02ldm", s / 3600, s / 60 % 60);
    else if (s >= 60)
        std::snprintf(text, sizeof text, "%ldm %02lds", s / 60, s % 60);
    else
        std::snprintf(text, sizeof text, "%lds", s);
    return text;
}

/// Formats a number with that many decimals, and a point in every locale.
inline std::string fixed_text(double value, int decimals) {
    std::array<char, 352> text;  // for the largest double
    return {text.begin(),
            std::to_chars(text.begin(), text.end(), value, std::chars_format::fixed, decimals).ptr};
}

/// Formats a metric as "loss 0.693".
inline std::string metric_text(const Metric& metric, double value) {
    return metric.label + ' ' + fixed_text(value, metric.decimals);
}

/// A part of the progress line.
struct ProgressPart {
    std::string text;
    int rank;  ///< parts with the highest rank are dropped first if the line is too long
};

/// Joins the parts that fit into `width` columns, in order.
inline std::string progress_line(std::vector<ProgressPart> parts, std::size_t width) {
    const auto line = [&] {
        std::string text;
        for (const ProgressPart& part : parts) text += (text.empty() ? "" : "  ") + part.text;
        return text;
    };
    while (parts.size() > 1 && line().size() > width)
        parts.erase(std::ranges::max_element(parts, {}, &ProgressPart::rank));
    return line().substr(0, width);
}

/// Iterations per second over the last ten seconds.
class RecentRate {
public:
    using Clock = std::chrono::steady_clock;

    RecentRate(std::uint64_t iteration, Clock::time_point now)
        : marks_{{now, iteration}}, last_(marks_.front()) {}

    /// Call it for each iteration.
    void add(std::uint64_t iteration, Clock::time_point now) {
        last_ = {now, iteration};
        if (now - marks_.back().time >= std::chrono::milliseconds(500)) marks_.push_back(last_);
        while (marks_.size() > 1 && now - marks_[1].time >= std::chrono::seconds(10)) marks_.pop_front();
    }
    double per_second() const {
        const std::chrono::duration<double> time = last_.time - marks_.front().time;
        return static_cast<double>(last_.iteration - marks_.front().iteration) / std::max(time.count(), 1e-9);
    }

private:
    struct Mark {
        Clock::time_point time;
        std::uint64_t iteration;
    };
    std::deque<Mark> marks_;  ///< half a second apart; the oldest is ten seconds old
    Mark last_;
};

/// Shows the progress of training on standard output: on a terminal as a line that is redrawn a few times a
/// second and fits the width; in a file or pipe as one line per report. Metrics are means since the last
/// report, followed by those of the last test.
class Progress {
public:
    /// Training runs from iteration `first` to `last`.
    Progress(const std::vector<Metric>& metrics, const std::vector<Metric>& test_metrics, std::uint64_t first,
             std::uint64_t last)
        : metrics_(metrics),
          test_metrics_(test_metrics),
          last_(last),
          sums_(metrics.size()),
          rate_(first, Clock::now()) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { end_line(); }

    /// Adds the metrics of an iteration, and redraws the line on a terminal.
    void add(std::uint64_t iteration, const std::vector<double>& values) {
        iteration_ = iteration;
        for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += values[i];
        ++count_;
        const auto now = Clock::now();
        rate_.add(iteration, now);
        if (!terminal_) return;
        if (now - shown_ < std::chrono::milliseconds(200)) return;
        shown_ = now;
        std::printf("\r%s\x1b[K", progress_line(parts(), terminal_width() - 1).c_str());
        std::fflush(stdout);
        open_line_ = true;
    }
    /// Call it at each report: starts new means.
    void report(const std::vector<double>& test_values) {
        tested_ = test_values;
        if (!terminal_ && count_ > 0) {
            std::printf("%s\n", progress_line(parts(), std::string::npos).c_str());
            std::fflush(stdout);
        }
        std::fill(sums_.begin(), sums_.end(), 0.0);
        count_ = 0;
    }
    /// Ends the line, so that something else can be printed.
    void end_line() {
        if (open_line_) std::printf("\n");
        open_line_ = false;
    }
    /// Seconds since training began.
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

private:
    using Clock = std::chrono::steady_clock;

    std::vector<ProgressPart> parts() const {
        const double left = static_cast<double>(last_ - iteration_) / rate_.per_second();
        // The first two metrics are the ones that a user watches.
        std::vector<ProgressPart> parts{{std::to_string(iteration_) + '/' + std::to_string(last_), 0},
                                        {fixed_text(rate_.per_second(), 1) + " it/s", 4},
                                        {duration_text(left) + " left", 3}};
        int rank = 1;
        const auto add = [&](const Metric& metric, double value) {
            parts.push_back({metric_text(metric, value), rank});
            rank = rank == 2 ? 5 : rank + 1;
        };
        for (std::size_t i = 0; i < metrics_.size(); ++i) add(metrics_[i], sums_[i] / count_);
        for (std::size_t i = 0; i < tested_.size(); ++i) add(test_metrics_[i], tested_[i]);
        return parts;
    }
    static std::size_t terminal_width() {
        winsize size{};
        return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
    }

    const std::vector<Metric>&metrics_, &test_metrics_;
    std::uint64_t last_, iteration_ = 0;
    std::vector<double> sums_, tested_;
    int count_ = 0;
    RecentRate rate_;
    bool terminal_ = isatty(STDOUT_FILENO) == 1, open_line_ = false;
    Clock::time_point start_ = Clock::now(), shown_{};
};

}  // namespace gantry::program
