#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/file.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace gantry {

namespace io {
/// A table of numbers, stored by column.
struct CsvTable {
    std::vector<std::string> names;            ///< of the columns
    std::vector<std::vector<double>> columns;  ///< (columns, rows)
};
}  // namespace io

namespace detail {
inline std::string read_text(const std::filesystem::path& path) {
    io::File file(path, io::File::Mode::read);
    std::string text(file.size(), '\0');
    file.read(std::as_writable_bytes(std::span(text)));
    return text;
}
}  // namespace detail

namespace io {
/// Removes the text up to `separator`, or all of it, from the front of `text` and returns it.
inline std::string_view take_field(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    const std::string_view field = text.substr(0, end);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    return field;
}

/// Reads all of `text` as a number; false if it is not one.
template <class T>
bool parse_number(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}
}  // namespace io

/// A CSV log of numbers, appended row by row. The first column is the iteration. Each row is written
/// immediately, and numbers round-trip to the same bits.
class CsvLog {
public:
    /// Starts a new log with the columns `header`, `"iteration,loss,..."`. Overwrites an existing file.
    CsvLog(const std::filesystem::path& path, std::string_view header) : file_(path, io::File::Mode::create) {
        file_.write(std::string(header) + '\n');
    }

    /// Which iterations have a row: each, or only some.
    enum class Rows { each, some };

    /// Continues the log at `path` after `iteration`, as if the run had not been interrupted: removes later
    /// rows and an incomplete last row. Starts a new log if there is no file. Errors: a log with other
    /// columns; a damaged file; with Rows::each, missing rows up to `iteration`. Rows may be missing at the
    /// start, as in a log that was started anew after the old one was moved away.
    static CsvLog resume(const std::filesystem::path& path, std::string_view header, std::uint64_t iteration,
                         Rows rows = Rows::each) {
        if (!io::exists(path)) return CsvLog(path, header);
        const std::string text = detail::read_text(path);
        const std::string first_line = std::string(header) + '\n';
        const auto lacks = [&](std::uint64_t from) {
            fail("csv_log", path.string() + " lacks the rows of iterations " + std::to_string(from) + " to " +
                                std::to_string(iteration) +
                                ": restore it, or move it away to continue without it");
        };
        if (!text.starts_with(first_line)) {
            // The run was killed while it wrote the header.
            if (first_line.starts_with(text)) {
                if (rows == Rows::each && iteration > 0) lacks(1);
                return CsvLog(path, header);
            }
            fail("csv_log", path.string() + " is not a log with the columns " + std::string(header) +
                                ": move it away or resume in another folder");
        }
        const auto columns = std::count(header.begin(), header.end(), ',');
        std::size_t kept = first_line.size();
        std::uint64_t last = 0;
        for (std::size_t row = 1;; ++row) {
            const std::size_t end = text.find('\n', kept);
            if (end == text.npos) break;
            std::string_view line = std::string_view(text).substr(kept, end - kept);
            std::uint64_t at = 0;
            bool good = std::count(line.begin(), line.end(), ',') == columns &&
                        io::parse_number(io::take_field(line, ','), at) && (row == 1 || at > last);
            if (at > iteration) break;
            double value = 0;
            for (auto column = columns; good && column > 0; --column)
                good = io::parse_number(io::take_field(line, ','), value);
            if (!good)
                fail("csv_log", path.string() + " is damaged: row " + std::to_string(row) +
                                    " must have an iteration after the last one and " +
                                    std::to_string(columns) + " numbers");
            if (rows == Rows::each && row > 1 && at != last + 1) break;
            last = at;
            kept = end + 1;
        }
        if (rows == Rows::each && last != iteration) lacks(last + 1);
        std::error_code error;
        std::filesystem::resize_file(path, kept, error);
        if (error) io::fail_file("write", path, error.value());
        return CsvLog(path);
    }

    /// Syncs all rows to disk.
    void sync() { file_.sync(); }

    /// Appends a row: the iteration and a value for each further column.
    void row(std::uint64_t iteration, std::span<const double> values) {
        row_.clear();
        put(iteration);
        for (const double value : values) {
            row_ += ',';
            put(value);
        }
        row_ += '\n';
        file_.write(row_);
    }

private:
    explicit CsvLog(const std::filesystem::path& path) : file_(path, io::File::Mode::append) {}

    void put(auto value) {
        char digits[32];
        row_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    }

    io::File file_;
    std::string row_;
};

/// Reads a CSV file with a header row. `nan` and `inf` are numbers. Errors: a file that cannot be read; an
/// empty or non-numeric field; a row with the wrong number of fields.
inline io::CsvTable read_csv(const std::filesystem::path& path) {
    const std::string text = detail::read_text(path);
    std::string_view rest = text;
    io::CsvTable table;
    for (std::string_view header = io::take_field(rest, '\n'); !header.empty();)
        table.names.emplace_back(io::take_field(header, ','));
    table.columns.resize(table.names.size());
    for (std::size_t row = 1; !rest.empty(); ++row) {
        std::string_view line = io::take_field(rest, '\n');
        for (auto& column : table.columns) {
            column.emplace_back();
            if (!io::parse_number(io::take_field(line, ','), column.back()))
                fail("read_csv", path.string() + " is damaged: row " + std::to_string(row) + " must have " +
                                     std::to_string(table.columns.size()) + " numbers");
        }
        if (!line.empty())
            fail("read_csv", path.string() + " is damaged: row " + std::to_string(row) + " is too long");
    }
    return table;
}

}  // namespace gantry
