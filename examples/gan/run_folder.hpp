#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/gif.hpp>
#include <gantry/io/plot.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/safetensors.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace gantry::gan {

/// What a run leaves behind:
///     samples-000500.png         what the generator made of the fixed latent points after 500 iterations
///     samples.gif                all of these, one after the other
///     losses.csv, losses.svg     both losses and mean outputs of the discriminator, for each iteration
///     checkpoint.safetensors     the newest checkpoint, and the one before it:
///     checkpoint-previous.safetensors
class RunFolder {
public:
    static constexpr const char* losses_header =
        "iteration,discriminator_loss,generator_loss,real_rating,fake_rating";

    explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path losses() const { return path_ / "losses.csv"; }
    std::filesystem::path plot() const { return path_ / "losses.svg"; }
    std::filesystem::path animation() const { return path_ / "samples.gif"; }
    std::filesystem::path samples(std::uint64_t iteration) const {
        char name[40];
        std::snprintf(name, sizeof name, "samples-%06llu.png", static_cast<unsigned long long>(iteration));
        return path_ / name;
    }

    /// Makes the folder. Errors: a checkpoint is in it already.
    void begin() const {
        if (has_checkpoint())
            fail("run folder", "there is a run in " + path_.string() +
                                   " already: go on with it by --resume " + path_.string() +
                                   ", or name another folder by --out");
        std::error_code error;
        std::filesystem::create_directories(path_, error);
        if (error) detail::fail_file("make the folder", path_, error.value());
    }

    bool has_checkpoint() const {
        return std::filesystem::exists(checkpoint()) || std::filesystem::exists(previous());
    }
    /// Where the newest checkpoint is. Errors: there is none.
    std::filesystem::path newest_checkpoint() const {
        if (!has_checkpoint())
            fail("run folder", "there is no checkpoint to resume from in " + path_.string());
        // Between the two renames of `save` there is a moment without the newest one.
        return std::filesystem::exists(checkpoint()) ? checkpoint() : previous();
    }
    /// The newest checkpoint. Errors: there is none, or it is damaged.
    Safetensors load() const {
        const std::filesystem::path newest = newest_checkpoint();
        try {
            return read_safetensors(newest);
        } catch (const Error& error) {
            if (newest == previous() || !std::filesystem::exists(previous())) throw;
            throw Error(std::string(error.what()) + "; the one before it may be whole: move " +
                        previous().string() + " there");
        }
    }
    /// At every moment there is a whole checkpoint in the folder, the old one or the new one.
    void save(const Safetensors& contents) const {
        const auto fresh = path_ / "checkpoint-new.safetensors";
        write_safetensors(fresh, contents);
        if (std::filesystem::exists(checkpoint())) rename(checkpoint(), previous());
        rename(fresh, checkpoint());
    }

    /// Iterations up to `last` that there is a picture of, in order.
    std::vector<std::uint64_t> pictures(std::uint64_t last) const {
        std::vector<std::uint64_t> iterations;
        for (const auto& entry : std::filesystem::directory_iterator(path_)) {
            const std::string name = entry.path().stem().string();
            std::uint64_t iteration = 0;
            if (name.starts_with("samples-") && detail::parse_number(name.substr(8), iteration) &&
                entry.path() == samples(iteration) && iteration <= last)
                iterations.push_back(iteration);
        }
        std::sort(iterations.begin(), iterations.end());
        return iterations;
    }
    void write_animation(const std::vector<std::uint64_t>& iterations) const {
        std::vector<Picture> frames;
        for (const std::uint64_t iteration : iterations) frames.push_back(read_png(samples(iteration)));
        write_gif(animation(), frames, 8);
    }
    void write_plot(const std::string& title) const {
        const CsvTable table = read_csv(losses());
        const std::array<Series, 2> lines{
            Series{"generator", "#2a8a3e", table.columns[0], table.columns[2]},
            Series{"discriminator", "#7b3fa0", table.columns[0], table.columns[1]}};
        write_svg_plot(plot(), {.title = title, .x_label = "iteration", .y_label = "loss", .smoothing = 0.98},
                       lines);
    }

private:
    std::filesystem::path checkpoint() const { return path_ / "checkpoint.safetensors"; }
    std::filesystem::path previous() const { return path_ / "checkpoint-previous.safetensors"; }

    static void rename(const std::filesystem::path& from, const std::filesystem::path& to) {
        std::error_code error;
        std::filesystem::rename(from, to, error);
        if (error) detail::fail_file("write", to, error.value());
    }

    std::filesystem::path path_;
};

}  // namespace gantry::gan
