#pragma once
#include <algorithm>
#include <vector>

namespace gantry::bench {

/// The minimum and the median of a series of times.
struct Times {
    double least = 0, median = 0;

    Times() = default;
    explicit Times(std::vector<double> times) {
        std::sort(times.begin(), times.end());
        least = times.front();
        median = times[times.size() / 2];
    }
};

}  // namespace gantry::bench
