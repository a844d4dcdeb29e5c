// The progress output of a run.
#include "program/progress.hpp"
#include "support/catch.hpp"
#include "support/comma_locale.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace gantry;

TEST_CASE("The progress line omits the least important parts, and never part of a number") {
    const std::vector<program::ProgressPart> parts{{"12345/50000", 0},  {"123.4 it/s", 4},
                                                   {"12m 30s left", 3}, {"D loss 0.796", 1},
                                                   {"G loss 2.963", 2}, {"D(x) 0.62", 5}};
    const auto line = [&](std::size_t width) { return program::progress_line(parts, width); };
    CHECK(line(200) == "12345/50000  123.4 it/s  12m 30s left  D loss 0.796  G loss 2.963  D(x) 0.62");
    CHECK(line(76) == line(200));
    CHECK(line(75) == "12345/50000  123.4 it/s  12m 30s left  D loss 0.796  G loss 2.963");
    CHECK(line(60) == "12345/50000  12m 30s left  D loss 0.796  G loss 2.963");
    CHECK(line(40) == "12345/50000  D loss 0.796  G loss 2.963");
    CHECK(line(20) == "12345/50000");
    CHECK(line(5) == "12345");
}

TEST_CASE("The progress line has decimal points in every locale") {
    const CommaLocale comma;
    CHECK(program::metric_text({"loss", "loss", 3}, 1234.5) == "loss 1234.500");
    CHECK(program::fixed_text(-1e300, 6).size() == 309);
}

TEST_CASE("The rate of iterations is measured over the last ten seconds") {
    const auto start = program::RecentRate::Clock::now();
    program::RecentRate rate(100, start);
    std::uint64_t iteration = 100;
    double seconds = 0;
    const auto run = [&](int iterations, double each) {
        for (int i = 0; i < iterations; ++i) {
            seconds += each;
            rate.add(++iteration, start + std::chrono::microseconds(static_cast<long>(seconds * 1e6)));
        }
    };
    run(10, 0.1);
    CHECK(std::abs(rate.per_second() - 10) < 0.01);
    run(3000, 0.01);  // 30 seconds
    CHECK(std::abs(rate.per_second() - 100) < 0.1);
    run(200, 0.1);  // as on a busy machine
    CHECK(std::abs(rate.per_second() - 10) < 0.1);
    run(3, 25);
    CHECK(std::abs(rate.per_second() - 0.04) < 0.001);
}
