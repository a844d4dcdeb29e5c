#include "run_folder.hpp"

#include <gantry/core/error.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/gif.hpp>
#include <gantry/io/plot.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <system_error>

namespace gantry::gan {
namespace {

void move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code error;
    std::filesystem::rename(from, to, error);
    if (error) detail::fail_file("write", to, error.value());
}

}  // namespace

std::filesystem::path RunFolder::picture(std::uint64_t iteration) const {
    char number[40];
    std::snprintf(number, sizeof number, "-%06llu.png", static_cast<unsigned long long>(iteration));
    return path_ / (pictures_ + number);
}

void RunFolder::begin() const {
    if (has_checkpoint())
        fail("run folder", "there is a run in " + path_.string() + " already: go on with it by --resume " +
                               path_.string() + ", or name another folder by --out");
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    if (error) detail::fail_file("make the folder", path_, error.value());
}

bool RunFolder::has_checkpoint() const {
    return std::filesystem::exists(checkpoint()) || std::filesystem::exists(previous());
}

std::filesystem::path RunFolder::newest_checkpoint() const {
    if (!has_checkpoint()) fail("run folder", "there is no checkpoint to resume from in " + path_.string());
    // Between the two renames of `save` there is a moment without the newest one.
    return std::filesystem::exists(checkpoint()) ? checkpoint() : previous();
}

Safetensors RunFolder::load() const {
    const std::filesystem::path newest = newest_checkpoint();
    try {
        return read_safetensors(newest);
    } catch (const Error& error) {
        if (newest == previous() || !std::filesystem::exists(previous())) throw;
        throw Error(std::string(error.what()) + "; the one before it may be whole: move " +
                    previous().string() + " there");
    }
}

void RunFolder::save(const Safetensors& contents) const {
    const auto fresh = path_ / "checkpoint-new.safetensors";
    write_safetensors(fresh, contents);
    if (std::filesystem::exists(checkpoint())) move_file(checkpoint(), previous());
    move_file(fresh, checkpoint());
}

void RunFolder::write_picture(std::uint64_t iteration, const Picture& picture) const {
    write_png(this->picture(iteration), picture);
}

std::vector<std::uint64_t> RunFolder::pictures(std::uint64_t last) const {
    const std::string start = pictures_ + '-';
    std::vector<std::uint64_t> iterations;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
        const std::string name = entry.path().stem().string();
        std::uint64_t iteration = 0;
        if (name.starts_with(start) && detail::parse_number(name.substr(start.size()), iteration) &&
            entry.path() == picture(iteration) && iteration <= last)
            iterations.push_back(iteration);
    }
    std::sort(iterations.begin(), iterations.end());
    return iterations;
}

void RunFolder::write_animation(const std::vector<std::uint64_t>& iterations) const {
    std::vector<Picture> frames;
    for (const std::uint64_t iteration : iterations) frames.push_back(read_png(picture(iteration)));
    write_gif(animation(), frames, 8);
}

void RunFolder::write_plot(const std::string& title, const std::vector<Figure>& figures) const {
    const CsvTable table = read_csv(losses());
    std::vector<Series> lines;
    for (std::size_t i = 0; i < figures.size(); ++i)
        if (!figures[i].colour.empty())
            lines.push_back({figures[i].label, figures[i].colour, table.columns[0], table.columns[1 + i]});
    write_svg_plot(plot(), {.title = title, .x_label = "iteration", .y_label = "loss", .smoothing = 0.98},
                   lines);
}

}  // namespace gantry::gan
