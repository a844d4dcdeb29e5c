#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/io/plot.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace gantry;

namespace {

std::size_t occurrences(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("ticks are round numbers inside the axis") {
    const auto labels = [](double low, double high) {
        const auto axis = detail::PlotAxis::over(low, high, 0, 6);
        std::string all;
        for (const double tick : axis.ticks()) all += (all.empty() ? "" : " ") + axis.label(tick);
        return all;
    };
    CHECK(labels(0, 1) == "0.0 0.2 0.4 0.6 0.8 1.0");
    CHECK(labels(0, 50000) == "0 10000 20000 30000 40000 50000");
    CHECK(labels(-0.013, 0.011) == "-0.010 -0.005 0.000 0.005 0.010");
    CHECK(labels(0, 3e9) == "0 5e+08 1e+09 1.5e+09 2e+09 2.5e+09 3e+09");
    CHECK(labels(2, 2) == "1.8 1.9 2.0 2.1 2.2");
    CHECK(labels(1, 0) == labels(0, 1));  // no points
}

TEST_CASE("an axis has few ticks for any range") {
    for (const double low : {-1e299, -1e10, -1.0, 0.0, 1e-320, 1.0, 1e15, 1e299})
        for (const double span : {0.0, 1e-320, 1e-12, 1.0, 1e15, 1e299}) {
            const auto ticks = detail::PlotAxis::over(low, low + span, 0.05, 6).ticks();
            CHECK(ticks.size() >= 2);
            CHECK(ticks.size() <= 12);
        }
}

TEST_CASE("a plot shows its names, breaks lines at NaN and contains no NaN") {
    const TemporaryFolder folder;
    const std::vector<double> x{1, 2, 3, 4, 5, 6};
    const double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> y{1, 2, nan, 3, infinity, 1e308};
    const std::vector<io::Series> series{{"D & <G>", "green", x, y}};
    write_svg_plot(folder / "a.svg", {.title = "losses", .x_label = "iteration", .y_label = "loss"}, series);
    const std::string svg = contents_of(folder / "a.svg");
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(occurrences(svg, ">losses<") == 1);
    CHECK(occurrences(svg, ">iteration<") == 1);
    CHECK(occurrences(svg, ">loss<") == 1);
    CHECK(occurrences(svg, "D &amp; &lt;G&gt;") == 1);
    CHECK(occurrences(svg, "nan") + occurrences(svg, "inf") == 0);

    const std::size_t path = svg.find("d=\"", svg.find("clip-path"));
    const std::string line = svg.substr(path, svg.find('"', path + 3) - path);
    CHECK(occurrences(line, "M") == 2);  // two segments
    CHECK(occurrences(line, "L") == 1);
}

TEST_CASE("a plot of a million points is small and keeps its spikes") {
    const TemporaryFolder folder;
    std::vector<double> x(1'000'000), y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<double>(i);
        y[i] = 5 + std::sin(x[i] / 1e5);
    }
    y[654'321] = 10;
    y[765'432] = 0;
    const std::vector<io::Series> series{{"y", "green", x, y}};
    write_svg_plot(folder / "a.svg", {.y_min = 0, .y_max = 10}, series);
    const std::string svg = contents_of(folder / "a.svg");
    CHECK(svg.size() < 60'000);
    CHECK(occurrences(svg, " 40.0L") == 1);  // the spikes reach the top and bottom of the plot area
    CHECK(occurrences(svg, " 395.0L") == 1);
}

TEST_CASE("a plot of a million points, of which every second one is not finite, is small") {
    const TemporaryFolder folder;
    std::vector<double> x(1'000'000), y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<double>(i);
        y[i] = i % 2 == 0 ? std::sin(x[i] / 1e5) : std::numeric_limits<double>::quiet_NaN();
    }
    for (std::size_t i = 400'000; i < 500'000; ++i) y[i] = INFINITY;  // a gap that is visible
    const std::vector<io::Series> series{{"y", "green", x, y}};
    write_svg_plot(folder / "a.svg", {.y_min = -1, .y_max = 1}, series);
    const std::string svg = contents_of(folder / "a.svg");
    CHECK(svg.size() < 60'000);
    const std::size_t path = svg.find("d=\"", svg.find("clip-path"));
    CHECK(occurrences(svg.substr(path, svg.find('"', path + 3) - path), "M") == 2);
}

TEST_CASE("a smoothed line begins at its first point, above the raw line") {
    const TemporaryFolder folder;
    const std::vector<double> x{0, 1, 2}, level{5, 5, 5};
    const std::vector<io::Series> series{{"y", "green", x, level}};
    write_svg_plot(folder / "a.svg", {.smoothing = 0.9, .y_min = 0, .y_max = 10}, series);
    const std::string middle = " 217.5";  // (40 + 395) / 2
    CHECK(occurrences(contents_of(folder / "a.svg"),
                      "d=\"M70.0" + middle + "L420.0" + middle + "L770.0" + middle) == 2);
}

TEST_CASE("a plot without points is empty") {
    const TemporaryFolder folder;
    write_svg_plot(folder / "a.svg", {}, {});
    CHECK(contents_of(folder / "a.svg").ends_with("</svg>\n"));
}

TEST_CASE("invalid series and options of a plot are errors") {
    const TemporaryFolder folder;
    const std::vector<double> x{1, 2}, y{1};
    const std::vector<io::Series> series{{"a", "green", x, y}};
    const auto error = [&](const io::PlotOptions& options, std::span<const io::Series> lines) {
        return error_of([&] { write_svg_plot(folder / "a.svg", options, lines); });
    };
    CHECK(is_line_with(error({}, series), {"series a", "2 and 1"}));
    CHECK(is_line_with(error({.width = 10}, {}), {"pixels"}));
    CHECK(is_line_with(error({.smoothing = 1}, {}), {"smoothing"}));
    CHECK(is_line_with(error({.y_min = 1, .y_max = 1}, {}), {"y_min"}));
    CHECK(folder.files() == 0);
}
