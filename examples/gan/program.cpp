#include "program.hpp"

#include "interrupt.hpp"
#include "progress.hpp"
#include "run_folder.hpp"
#include "sheet.hpp"
#include <gantry/core/error.hpp>
#include <gantry/io/checkpoint.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/safetensors_file.hpp>
#include <gantry/math.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include <zlib.h>

namespace gantry::gan {
namespace {

namespace exit_code {
constexpr int done = 0, failed = 1, interrupted = 130;
}

/// Refuses pictures that the networks do not take.
void check_pictures(const Images& images, const AnyRecipe& recipe) {
    const Extents& input = recipe.input;
    const bool fits = input.rank == 4 ? images.height == input.of[1] && images.width == input.of[2] &&
                                            images.channels == input.of[3]
                                      : images.item_size() == static_cast<std::size_t>(input.last());
    if (fits) return;
    std::string wanted;
    for (int i = 1; i < input.rank; ++i)
        wanted += (i > 1 ? " x " : "") + std::to_string(input.of[static_cast<std::size_t>(i)]);
    fail("data",
         "recipe " + recipe.name + " takes pictures of " + wanted + " values: name other data by --data",
         images.height, " x ", images.width, " x ", images.channels);
}

bool all_finite(const Safetensors& file) {
    return std::ranges::all_of(file.tensors, [&](const auto& named) {
        const auto& [name, entry] = named;
        if (entry.dtype != "F32") return true;
        std::vector<float> numbers(entry.data.size() / sizeof(float));
        copy_values(file, name, std::span(numbers));
        return std::ranges::all_of(numbers, [](float x) { return math::is_finite(x); });
    });
}

CsvLog open_log(const std::filesystem::path& path, const std::vector<Figure>& figures,
                std::uint64_t iteration) {
    std::string header = "iteration";
    for (const Figure& figure : figures) header += ',' + figure.column;
    return iteration > 0 ? CsvLog::resume(path, header, iteration) : CsvLog(path, header);
}

/// A run: a task with its data, what it writes, and where it goes on from.
class Run {
public:
    /// `saved`: the checkpoint to go on from. `command_line` has been restored from it.
    Run(const Program& program, const AnyRecipe& recipe, const CommandLine& command_line,
        const LabelledImages& data, const std::optional<Safetensors>& saved)
        : program_(program),
          options_(command_line.options()),
          folder_(options_.out, program.pictures),
          metadata_(command_line.saved()),
          task_(recipe.begin(options_, data)) {
        metadata_["program"] = program.name;
        metadata_["data.checksum"] =
            std::to_string(crc32_z(0, data.images.pixels.data(), data.images.pixels.size()));
        saved ? load(*saved) : begin(data.images);
    }

    /// Trains to the last iteration, or until Ctrl-C, or until a figure is not finite (which is seen when
    /// figures are taken). Returns the exit code.
    int train() {
        const std::uint64_t first = task_->iterations(), last = options_.iterations;
        if (first >= last) {
            std::printf("The run in %s has done its %llu iterations: give more by --iterations\n",
                        folder_.path().c_str(), static_cast<unsigned long long>(first));
            return exit_code::done;
        }
        CsvLog losses = open_log(folder_.losses(), program_.figures, first);
        std::optional<CsvLog> tests;
        if (!program_.test_figures.empty())
            tests.emplace(open_log(folder_.test(), program_.test_figures, first));
        if (first > 0)
            pictures_ = folder_.pictures(first);
        else
            draw();

        const Interrupt interrupt;
        Progress progress(program_.figures, program_.test_figures, first, last);
        std::uint64_t reported = first, seen = first;
        const auto take_figures = [&] {
            for (const std::vector<double>& figures : task_->take_figures()) {
                ++seen;
                if (!std::ranges::all_of(figures, [](double x) { return math::is_finite(x); })) {
                    progress.end_line();
                    finish_pictures();
                    fail_diverged(seen);
                }
                losses.row(seen, figures);
                progress.add(seen, figures);
            }
        };
        const auto report = [&] {
            take_figures();
            reported = task_->iterations();
            const std::vector<double> test = task_->test();
            if (tests) tests->row(reported, test);
            progress.report(test);
            draw();
        };
        while (task_->iterations() < last && !interrupt.requested()) {
            task_->step();
            const std::uint64_t i = task_->iterations();
            if (i % task_->figures_every() == 0) take_figures();
            if (i % options_.every == 0) {
                report();
                if (Clock::now() - saved_at_ > std::chrono::seconds(30) || saved_iteration_ == 0) save();
            }
        }
        if (reported != task_->iterations()) report();
        progress.end_line();
        save();
        finish_pictures();
        task_->write_results(folder_.path());

        const bool interrupted = task_->iterations() < last;
        std::printf("%s after %llu iterations, %s: see %s\n", interrupted ? "Stopped" : "Done",
                    static_cast<unsigned long long>(task_->iterations()),
                    duration_text(progress.seconds()).c_str(), folder_.picture(task_->iterations()).c_str());
        if (interrupted) std::printf("Go on with --resume %s\n", folder_.path().c_str());
        return interrupted ? exit_code::interrupted : exit_code::done;
    }

private:
    using Clock = std::chrono::steady_clock;

    void begin(const Images& images) {
        folder_.begin();
        write_png(folder_.real_pictures(), sheet_of(images));
    }
    void draw() {
        folder_.write_picture(task_->iterations(), task_->draw());
        pictures_.push_back(task_->iterations());
    }
    void finish_pictures() {
        folder_.write_plot(program_.name + ", " + options_.recipe, program_.figures);
        folder_.write_animation(pictures_);
    }

    /// Errors: numbers that are not finite, since a checkpoint is to be good.
    void save() {
        CheckpointWriter writer;
        task_->describe(writer);
        writer.number("data.position", task_->data_position());
        if (!all_finite(writer.file)) fail_diverged(task_->iterations());
        writer.file.metadata.insert(metadata_.begin(), metadata_.end());
        folder_.save(writer.file);
        if (const std::string name = task_->result(); !name.empty())
            write_network(name, std::move(writer.file));
        saved_at_ = Clock::now();
        saved_iteration_ = task_->iterations();
    }
    /// Writes a network of a checkpoint into a file that says whose it is.
    void write_network(const std::string& name, Safetensors checkpoint) const {
        Safetensors network = part_of(std::move(checkpoint), name, folder_.path().string());
        for (const char* key : {"program", "--recipe"}) network.metadata[key] = metadata_.at(key);
        write_safetensors(folder_.network(name), network);
    }
    void load(const Safetensors& saved) {
        const std::string source = folder_.newest_checkpoint().string();
        const auto data_checksum = saved.metadata.find("data.checksum");
        if (data_checksum == saved.metadata.end() || data_checksum->second != metadata_["data.checksum"])
            fail("resume", "the run in " + source + " was trained on other images than those in " +
                               options_.data + ": name its folder by --data");
        CheckpointReader reader(saved, source);
        std::uint64_t position = 0;
        task_->describe(reader);
        reader.number("data.position", position);
        reader.apply();
        task_->seek_data(position);
        saved_iteration_ = task_->iterations();
    }
    [[noreturn]] void fail_diverged(std::uint64_t iteration) const {
        const std::string kept = saved_iteration_ == 0 ? "there is no checkpoint yet"
                                                       : "the last good checkpoint is that of iteration " +
                                                             std::to_string(saved_iteration_) + " in " +
                                                             folder_.path().string();
        fail("training", "the networks diverged at iteration " + std::to_string(iteration) +
                             " (a loss or a weight is not finite): " + kept +
                             "; try another seed or other options");
    }

    const Program& program_;
    Options options_;
    RunFolder folder_;
    std::map<std::string, std::string> metadata_;
    std::unique_ptr<Task> task_;
    std::vector<std::uint64_t> pictures_;  ///< iterations that have one
    Clock::time_point saved_at_ = Clock::now();
    std::uint64_t saved_iteration_ = 0;
};

/// What --dry-run prints.
void print_plan(const AnyRecipe& recipe, const Options& options) {
    std::printf("%s\nrecipe %s: %llu iterations, batches of %d from %s%s, seed %llu, results in %s\n",
                recipe.summary().c_str(), recipe.name.c_str(),
                static_cast<unsigned long long>(options.iterations), options.batch,
                options.data.empty() ? "--data FOLDER" : options.data.c_str(),
                options.classes.empty() ? "" : (", classes " + options.classes).c_str(),
                static_cast<unsigned long long>(options.seed), options.out.c_str());
}

/// The newest checkpoint of the run to resume; `command_line` gets its options.
Safetensors load_run(const Program& program, CommandLine& command_line) {
    const RunFolder folder(command_line.options().out);
    Safetensors saved = folder.load();
    const std::string source = folder.newest_checkpoint().string();
    const auto writer = saved.metadata.find("program");
    if (writer == saved.metadata.end())
        fail("resume", source + " is not a checkpoint of this program: it names none");
    if (writer->second != program.name)
        fail("resume", source + " is a checkpoint of " + writer->second + ", not of " + program.name +
                           ": resume it with the program that wrote it");
    command_line.restore(saved.metadata, source);
    return saved;
}

int run_or_throw(int argc, const char* const* argv, const Program& program) {
    std::vector<std::string> names;
    for (const AnyRecipe& recipe : program.recipes) names.push_back(recipe.name);
    CommandLine command_line(program.description, names, program.source);
    if (program.add_options) program.add_options(command_line);
    if (!command_line.parse(argc, argv)) return exit_code::done;
    if (program.check_options) program.check_options();  // refused before anything is done

    Options& options = command_line.options();
    if (options.out.empty()) options.out = std::filesystem::path("runs") / program.name / options.recipe;
    std::optional<Safetensors> saved;
    if (options.resume)
        saved = load_run(program, command_line);
    else if (!options.dry_run && RunFolder(options.out).has_checkpoint())
        RunFolder(options.out).begin();  // says so before the data is read

    const AnyRecipe& recipe = *std::ranges::find(program.recipes, options.recipe, &AnyRecipe::name);
    if (options.iterations == 0) options.iterations = recipe.iterations;
    if (options.batch == 0) options.batch = recipe.batch;
    if (program.source.has_classes && options.classes.empty())
        options.classes = recipe.classes.empty() ? "all" : recipe.classes;
    if (options.dry_run) {
        print_plan(recipe, options);
        return exit_code::done;
    }
    if (options.data.empty())
        fail("options",
             "--data FOLDER must be given: " + program.source.contents + "; --help lists the options");
    const LabelledImages data = program.source.load(options, Split::train);
    check_pictures(data.images, recipe);
    return Run(program, recipe, command_line, data, saved).train();
}

}  // namespace

int run(int argc, const char* const* argv, const Program& program) {
    try {
        return run_or_throw(argc, argv, program);
    } catch (const std::bad_alloc&) {
        std::fputs("[memory] there is not enough memory: take a smaller --batch\n", stderr);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
    return exit_code::failed;
}

}  // namespace gantry::gan
