#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/atomic_file.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gantry {

namespace io {
/// A line of a plot. Non-finite values leave a gap.
struct Series {
    std::string name;           ///< in the legend
    std::string colour;         ///< an SVG colour: "#7b3fa0", "seagreen"
    std::span<const double> x;  ///< non-decreasing
    std::span<const double> y;  ///< same size as x
};

/// Options of write_svg_plot.
struct PlotOptions {
    std::string title{};    ///< above the plot, at the left
    std::string x_label{};  ///< below the x axis
    std::string y_label{};  ///< beside the y axis, rotated
    int width = 800;        ///< in pixels, at least 200
    int height = 450;       ///< in pixels, at least 150
    /// Exponential moving average with bias correction, as in TensorBoard: mean = smoothing mean +
    /// (1 - smoothing) y. The raw line is drawn faintly behind it. In [0, 1); 0: off.
    double smoothing = 0;
    std::optional<double> y_min{};  ///< lower end of the y axis; default: all points are visible
    std::optional<double> y_max{};  ///< upper end of the y axis; default: all points are visible
};
}  // namespace io

namespace detail {
/// An axis: the interval that it shows and the distance between its ticks.
struct PlotAxis {
    double low = 0;
    double high = 1;
    double step = 0.2;

    /// The axis for data in [low, high] with about `ticks` ticks. `padding`: fraction of the span that is
    /// added at both ends.
    static PlotAxis over(double low, double high, double padding, int ticks) {
        if (!(low <= high)) low = 0, high = 1;  // no points
        // Widens an empty span, or one so small that rounding errors would dominate.
        const double least = std::max(1e-9 * std::max(std::abs(low), std::abs(high)), 1e-300);
        if (high - low < least) {
            const double around = low == 0 ? 1 : std::abs(low) / 10;
            low -= around, high += around;
        }
        const double margin = padding * (high - low);
        PlotAxis axis{low - margin, high + margin, 0};
        // Steps of 1, 2 or 5 times a power of ten (Heckbert: "Nice numbers for graph labels", Graphics Gems).
        const double wanted = (axis.high - axis.low) / ticks;
        const double power = std::pow(10, std::floor(std::log10(wanted)));
        const double factor = wanted / power;
        axis.step = power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
        return axis;
    }
    std::vector<double> ticks() const {
        std::vector<double> values;
        for (double i = std::ceil(low / step); i * step <= high; ++i) values.push_back(i * step);
        return values;
    }
    std::string label(double value) const {
        std::array<char, 40> text{};
        const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
        const bool plain = decimals <= 5 && std::max(std::abs(low), std::abs(high)) < 1e7;
        const auto end =
            plain ? std::to_chars(text.begin(), text.end(), value + 0.0, std::chars_format::fixed, decimals)
                  : std::to_chars(text.begin(), text.end(), value + 0.0, std::chars_format::general, 4);
        return {text.data(), end.ptr};
    }
};

/// Builds an SVG path and drops points that are not visible: of the points in one pixel column, it keeps the
/// first, the lowest, the highest and the last.
class Polyline {
public:
    void add(double x, double y) {
        const double column = std::floor(x);
        if (column != column_) {
            flush();
            new_line_ = new_line_ || (gap_ && column > column_ + 1);
        }
        column_ = column;
        gap_ = false;
        const Point point{x, y, count_++};
        if (!pending_) pending_ = std::array<Point, 4>{point, point, point, point};
        auto& [first, lowest, highest, last] = *pending_;
        if (y < lowest.y) lowest = point;
        if (y > highest.y) highest = point;
        last = point;
    }
    /// Ends the line; the next point starts a new one, unless it is so near that the gap would not be
    /// visible: in the same pixel column or the next.
    void gap() { gap_ = true; }
    /// The `d` attribute of the SVG path.
    std::string path() {
        flush();
        return std::move(path_);
    }
    static void put(std::string& text, double coordinate) {
        std::array<char, 40> digits{};
        text.append(digits.data(),
                    std::to_chars(digits.begin(), digits.end(), coordinate, std::chars_format::fixed, 1).ptr);
    }

private:
    struct Point {
        double x, y;
        std::size_t order;
    };
    void flush() {
        if (!pending_) return;
        std::sort(pending_->begin(), pending_->end(),
                  [](const Point& a, const Point& b) { return a.order < b.order; });
        std::optional<std::size_t> drawn;
        for (const Point& point : *pending_) {
            if (drawn == point.order) continue;
            drawn = point.order;
            path_ += new_line_ ? 'M' : 'L';
            put(path_, point.x);
            path_ += ' ';
            put(path_, point.y);
            new_line_ = false;
        }
        pending_.reset();
    }
    std::string path_;
    std::optional<std::array<Point, 4>> pending_;
    double column_ = 0;
    std::size_t count_ = 0;
    bool new_line_ = true, gap_ = false;
};

/// Renders a plot as SVG text.
class SvgPlot {
public:
    SvgPlot(const io::PlotOptions& options, std::span<const io::Series> series) : options_(options) {
        double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
        for (const io::Series& line : series)
            for (std::size_t i = 0; i < line.x.size(); ++i)
                if (visible(line.x[i], line.y[i])) {
                    x_low = std::min(x_low, line.x[i]);
                    x_high = std::max(x_high, line.x[i]);
                    y_low = std::min(y_low, line.y[i]);
                    y_high = std::max(y_high, line.y[i]);
                }
        x_ = PlotAxis::over(x_low, x_high, 0, 8);
        const bool fixed = options.y_min || options.y_max;
        y_ = PlotAxis::over(options.y_min.value_or(y_low), options.y_max.value_or(y_high), fixed ? 0 : 0.05,
                            8);

        begin();
        for (const io::Series& line : series) draw(line);
        legend(series);
        text_ += "</svg>\n";
    }
    std::string_view text() const { return text_; }

private:
    static constexpr double left = 70, right = 30, top = 40, bottom = 55;

    /// False for non-finite values, and for values so large that the spans would overflow.
    static bool visible(double x, double y) { return std::abs(x) < 1e300 && std::abs(y) < 1e300; }

    double x_pixel(double x) const {
        return left + (x - x_.low) / (x_.high - x_.low) * (options_.width - left - right);
    }
    double y_pixel(double y) const {
        const double height = options_.height - top - bottom;
        const double pixel = top + (y_.high - y) / (y_.high - y_.low) * height;
        // The path is clipped to the plot area anyway; clamping keeps numbers of 300 digits out of the file.
        return std::clamp(pixel, top - height, top + 2 * height);
    }
    /// Appends `pattern` with each `$` replaced by the next argument, a number or string.
    void put(std::string_view pattern) { text_ += pattern; }
    template <class First, class... Rest>
    void put(std::string_view pattern, const First& first, const Rest&... rest) {
        const std::size_t at = pattern.find('$');
        text_ += pattern.substr(0, at);
        if constexpr (std::is_arithmetic_v<First>)
            Polyline::put(text_, static_cast<double>(first));
        else
            text_ += first;
        put(pattern.substr(at + 1), rest...);
    }
    static std::string escaped(std::string_view text) {
        std::string result;
        for (const char c : text) {
            if (c == '<')
                result += "&lt;";
            else if (c == '>')
                result += "&gt;";
            else if (c == '&')
                result += "&amp;";
            else if (c == '"')
                result += "&quot;";
            else if (static_cast<unsigned char>(c) >= ' ')
                result += c;
        }
        return result;
    }

    void begin() {
        const double x0 = left, x1 = options_.width - right, y0 = top, y1 = options_.height - bottom;
        put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"$\" height=\"$\" viewBox=\"0 0 $ $\" "
            "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#333\">\n",
            options_.width, options_.height, options_.width, options_.height);
        put("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        put("<clipPath id=\"area\"><rect x=\"$\" y=\"$\" width=\"$\" height=\"$\"/></clipPath>\n", x0, y0,
            x1 - x0, y1 - y0);
        for (const double tick : x_.ticks()) {
            put("<path d=\"M$ $V$\" stroke=\"#e6e6e6\"/>", x_pixel(tick), y0, y1);
            put("<text x=\"$\" y=\"$\" text-anchor=\"middle\">$</text>\n", x_pixel(tick), y1 + 18,
                x_.label(tick));
        }
        for (const double tick : y_.ticks()) {
            put("<path d=\"M$ $H$\" stroke=\"#e6e6e6\"/>", x0, y_pixel(tick), x1);
            put("<text x=\"$\" y=\"$\" text-anchor=\"end\">$</text>\n", x0 - 8, y_pixel(tick) + 4,
                y_.label(tick));
        }
        put("<path d=\"M$ $V$H$\" fill=\"none\" stroke=\"#888\"/>\n", x0, y0, y1, x1);
        put("<text x=\"$\" y=\"$\" font-size=\"15\" font-weight=\"bold\">$</text>\n", x0, y0 - 16,
            escaped(options_.title));
        put("<text x=\"$\" y=\"$\" text-anchor=\"middle\">$</text>\n", (x0 + x1) / 2, options_.height - 14,
            escaped(options_.x_label));
        put("<text transform=\"translate(18 $) rotate(-90)\" text-anchor=\"middle\">$</text>\n",
            (y0 + y1) / 2, escaped(options_.y_label));
    }

    void draw(const io::Series& line) {
        Polyline raw, smooth;
        double mean = 0, weight = 0;
        for (std::size_t i = 0; i < line.x.size(); ++i) {
            if (!visible(line.x[i], line.y[i])) {
                raw.gap();
                smooth.gap();
                continue;
            }
            mean = options_.smoothing * mean + (1 - options_.smoothing) * line.y[i];
            weight = options_.smoothing * weight + (1 - options_.smoothing);
            raw.add(x_pixel(line.x[i]), y_pixel(line.y[i]));
            smooth.add(x_pixel(line.x[i]), y_pixel(mean / weight));
        }
        const auto stroke = [&](std::string_view path, std::string_view opacity, double width) {
            put("<path clip-path=\"url(#area)\" fill=\"none\" stroke=\"$\" stroke-opacity=\"$\" "
                "stroke-width=\"$\" "
                "stroke-linejoin=\"round\" d=\"$\"/>\n",
                escaped(line.colour), opacity, width, path);
        };
        if (options_.smoothing > 0) stroke(raw.path(), "0.25", 1);
        stroke(smooth.path(), "1", 1.6);
    }

    /// A right-aligned row above the plot area, where it does not cover any line.
    void legend(std::span<const io::Series> series) {
        constexpr double letter = 6.6;  // approximate width of a letter
        double x = options_.width - right;
        for (std::size_t i = series.size(); i-- > 0;) {
            const double y = top - 16;
            x -= letter * static_cast<double>(series[i].name.size());
            put("<text x=\"$\" y=\"$\">$</text>", x, y, escaped(series[i].name));
            put("<path d=\"M$ $h20\" stroke=\"$\" stroke-width=\"2.5\"/>\n", x - 26, y - 4,
                escaped(series[i].colour));
            x -= 46;
        }
    }

    const io::PlotOptions& options_;
    PlotAxis x_, y_;
    std::string text_;
};
}  // namespace detail

/// Writes a line plot as SVG, atomically: axes with round ticks, a grid and a legend. Points that would not
/// be visible are dropped, so series may be long. Errors: x and y of different sizes; options out of range.
inline void write_svg_plot(const std::filesystem::path& path, const io::PlotOptions& options,
                           std::span<const io::Series> series) {
    for (const io::Series& line : series)
        if (line.x.size() != line.y.size())
            fail("write_svg_plot", "series " + line.name + " must have the same number of x and y values",
                 line.x.size(), " and ", line.y.size());
    if (options.width < 200 || options.height < 150)
        fail("write_svg_plot", "a plot needs at least 200 x 150 pixels", options.width, " x ",
             options.height);
    if (!(options.smoothing >= 0 && options.smoothing < 1))
        fail("write_svg_plot", "smoothing must be in [0, 1)", options.smoothing);
    if (options.y_min && options.y_max && !(*options.y_min < *options.y_max))
        fail("write_svg_plot", "y_min must be below y_max", *options.y_min, " and ", *options.y_max);
    io::write_file(path, detail::SvgPlot(options, series).text());
}

}  // namespace gantry
