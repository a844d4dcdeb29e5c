#include "run_folder.hpp"

#include <gantry/core/error.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/gif.hpp>
#include <gantry/io/plot.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <span>
#include <system_error>

namespace gantry::program {
namespace {

void move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code error;
    std::filesystem::rename(from, to, error);
    if (error) io::fail_file("write", to, error.value());
}

std::optional<io::Image> read_if_whole(const std::filesystem::path& path) {
    try {
        return read_png(path);
    } catch (const Error&) {
        return std::nullopt;
    }
}
bool same_size(const io::Image& a, const io::Image& b) {
    return a.height == b.height && a.width == b.width && a.channels == b.channels;
}

}  // namespace

std::filesystem::path RunFolder::image(std::uint64_t iteration) const {
    char number[40];
    std::snprintf(number, sizeof number, "-%06llu.png", static_cast<unsigned long long>(iteration));
    return path_ / (images_ + number);
}

FolderLock RunFolder::begin() const {
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    if (error) io::fail_file("create the folder", path_, error.value());
    FolderLock lock = take_over();
    if (has_checkpoint())
        fail("run folder", "there is a run in " + name_ + " already: continue it with --resume " + name_ +
                               ", or choose another folder with --out");
    return lock;
}

FolderLock RunFolder::take_over() const {
    FolderLock lock(path_, name_);
    if (io::exists(fresh())) put_fresh_in_place();
    for (const std::filesystem::path& path : files()) {
        const std::string kind = path.stem().extension();
        const bool ours = kind == ".safetensors" || kind == ".png" || kind == ".gif" || kind == ".svg" ||
                          kind == ".csv";  // kinds of files that are written atomically, as .part first
        std::error_code error;             // one that cannot be removed does no harm
        if (ours && path.extension() == ".part") std::filesystem::remove(path, error);
    }
    return lock;
}

std::vector<std::filesystem::path> RunFolder::files() const {
    std::vector<std::filesystem::path> paths;
    std::error_code error;
    std::filesystem::directory_iterator entry(path_, error);
    for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error))
        paths.push_back(entry->path());
    if (error) io::fail_file("read", path_, error.value());
    return paths;
}

bool RunFolder::has_checkpoint() const {
    return io::exists(checkpoint()) || io::exists(previous()) || io::exists(fresh());
}

std::filesystem::path RunFolder::newest_checkpoint() const {
    if (!has_checkpoint()) fail("run folder", "there is no checkpoint to resume from in " + name_);
    // Between the two renames of `save` the newest one does not exist for a moment.
    return io::exists(checkpoint()) ? checkpoint() : previous();
}

Safetensors RunFolder::load() const {
    try {
        return read_safetensors(newest_checkpoint());
    } catch (const Error& error) {
        throw Error(error.what() + advice());
    }
}

std::string RunFolder::advice() const {
    if (!io::exists(checkpoint()) || !io::exists(previous())) return "";
    try {
        std::uint64_t iterations = 0;
        io::copy_values<std::uint64_t>(read_safetensors(previous()), "iterations", std::span(&iterations, 1));
        return "; the one before it, of iteration " + std::to_string(iterations) +
               ", is valid: to resume from it, mv " + previous().string() + ' ' + checkpoint().string();
    } catch (const Error&) {
        return "; " + previous().string() + ", the one before it, is damaged too";
    }
}

void RunFolder::save(const Safetensors& contents) const {
    write_safetensors(fresh(), contents);
    put_fresh_in_place();
}

void RunFolder::put_fresh_in_place() const {
    if (io::exists(checkpoint())) move_file(checkpoint(), previous());
    move_file(fresh(), checkpoint());
    io::sync_folder(path_);
}

void RunFolder::write_image(std::uint64_t iteration, const io::Image& image) const {
    write_png(this->image(iteration), image);
}

void RunFolder::remove_image(std::uint64_t iteration) const {
    std::error_code error;  // it may already be gone
    std::filesystem::remove(image(iteration), error);
}

std::vector<std::uint64_t> RunFolder::images(std::uint64_t last) const {
    const std::string start = images_ + '-';
    std::vector<std::uint64_t> iterations;
    for (const std::filesystem::path& path : files()) {
        const std::string name = path.stem().string();
        std::uint64_t iteration = 0;
        if (name.starts_with(start) && io::parse_number(name.substr(start.size()), iteration) &&
            path == image(iteration) && iteration <= last)
            iterations.push_back(iteration);
    }
    std::sort(iterations.begin(), iterations.end());
    return iterations;
}

std::size_t RunFolder::write_animation(const std::vector<std::uint64_t>& iterations) const {
    GifWriter gif(animation(), 8);
    std::optional<io::Image> first;
    std::size_t missing = 0;
    for (const std::uint64_t iteration : iterations) {
        std::optional<io::Image> frame = read_if_whole(image(iteration));
        if (!first) first = frame;
        if (!frame || !same_size(*frame, *first)) {
            ++missing;
            continue;
        }
        gif.add(*frame);
    }
    if (first) gif.commit();
    return missing;
}

bool RunFolder::write_plot(const std::string& title, const std::vector<Metric>& metrics) const {
    io::CsvTable table;
    try {
        table = read_csv(losses());
    } catch (const Error&) {
        return false;
    }
    if (table.columns.size() <= metrics.size()) return false;
    std::vector<io::Series> lines;
    for (std::size_t i = 0; i < metrics.size(); ++i)
        if (!metrics[i].colour.empty())
            lines.push_back({metrics[i].label, metrics[i].colour, table.columns[0], table.columns[1 + i]});
    write_svg_plot(plot(), {.title = title, .x_label = "iteration", .y_label = "loss", .smoothing = 0.98},
                   lines);
    return true;
}

}  // namespace gantry::program
