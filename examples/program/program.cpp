#include "program.hpp"

#include "device.hpp"
#include "folder_lock.hpp"
#include "interrupt.hpp"
#include "print.hpp"
#include "process.hpp"
#include "progress.hpp"
#include "run_folder.hpp"
#include "sheet.hpp"
#include <gantry/checkpoint/build_text.hpp>
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/math.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gantry::program {
namespace {

namespace exit_code {
constexpr int done = 0;
/// As a shell reports a program that was ended by a signal.
constexpr int interrupted(int signal) { return 128 + signal; }
}  // namespace exit_code

/// Errors: images of a size that the networks do not take.
void check_images(const Images& images, const AnyRecipe& recipe) {
    const core::Extents& input = recipe.input;
    const bool fits = input.rank == 4 ? images.height == input.of[1] && images.width == input.of[2] &&
                                            images.channels == input.of[3]
                                      : images.sample_size() == static_cast<std::size_t>(input.last());
    if (fits) return;
    std::string wanted;
    for (int i = 1; i < input.rank; ++i)
        wanted += (i > 1 ? " x " : "") + std::to_string(input.of[static_cast<std::size_t>(i)]);
    fail("data", "recipe " + recipe.name + " takes images of " + wanted + ": choose other data with --data",
         images.height, " x ", images.width, " x ", images.channels);
}

bool all_finite(const Safetensors& file) {
    return std::ranges::all_of(file.tensors, [&](const auto& named) {
        const auto& [name, entry] = named;
        if (entry.dtype != "F32") return true;
        std::vector<float> numbers(entry.data.size() / sizeof(float));
        io::copy_values(file, name, std::span(numbers));
        return std::ranges::all_of(numbers, [](float x) { return math::is_finite(x); });
    });
}

/// Opens the log of a run that has done `iteration` iterations.
CsvLog open_log(const std::filesystem::path& path, const std::vector<Metric>& metrics,
                std::uint64_t iteration, CsvLog::Rows rows) {
    std::string header = "iteration";
    for (const Metric& metric : metrics) header += ',' + metric.column;
    if (iteration == 0) return CsvLog(path, header);
    if (!io::exists(path))
        print_line(path.string() + " is missing: the new one starts after iteration " +
                   std::to_string(iteration));
    return CsvLog::resume(path, header, iteration, rows);
}

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The state that a resumed run continues from.
struct SavedRun {
    FolderLock lock;
    Safetensors checkpoint;
    double seconds;  ///< time to read it, about the time to write it
};

/// Prints the header of a run. `device` is the CPU's description; on_device has already printed a GPU's.
void print_header(const Images& images, const AnyRecipe& recipe, const Options& options,
                  const std::string& device) {
    print_line("Data: " + std::to_string(images.count) + " images of " + std::to_string(images.height) +
               " x " + std::to_string(images.width) + " x " + std::to_string(images.channels) + " in " +
               options.data);
    print_line("Networks: recipe " + recipe.name + ", " + recipe.parameters);
    if (device == device_text<Cpu>(options)) {
        const int threads = Cpu({.threads = options.threads}).threads();
        print_line("Device: " + device + ", " + std::to_string(threads) +
                   (threads == 1 ? " thread" : " threads"));
    }
    print_line("Folder: " + options.out.string());
}

/// A run: an experiment with its data, its output files and its starting point.
class Run {
public:
    /// `command_line` must already be restored from the saved run.
    Run(const Program& program, const AnyRecipe& recipe, const CommandLine& command_line,
        const LabelledImages& data, const RunFolder& folder, std::optional<SavedRun> saved)
        : program_(program),
          options_(command_line.options()),
          folder_(folder),
          metadata_(command_line.saved()),
          experiment_(recipe.begin(options_, data)),
          lock_(saved ? std::move(saved->lock) : folder_.begin()) {
        metadata_["program"] = program.name;
        metadata_["data.train"] = data_text(data);
        metadata_.merge(experiment_->record());
        saved ? load(*saved) : write_png(folder_.real_images(), sheet_of(data.images));
        print_header(data.images, recipe, options_, metadata_["device"]);
    }

    /// Trains to the last iteration, until a signal asks for the end, or until a metric is not finite
    /// (detected when metrics are taken). Returns the exit code.
    int train() {
        const std::uint64_t first = experiment_->iterations(), last = options_.iterations;
        if (first == 0) {
            draw();
            save();  // a full disk is better detected now
        } else {
            images_ = folder_.images(first);
        }
        open_logs(first);
        if (first >= last) return complete();

        const Interrupt interrupt;
        Progress progress(program_.metrics, program_.test_metrics, first, last);
        std::uint64_t reported = first, seen = first;
        const auto take_metrics = [&] {
            for (const std::vector<double>& metrics : experiment_->take_metrics()) {
                ++seen;
                if (!std::ranges::all_of(metrics, [](double x) { return math::is_finite(x); })) {
                    progress.end_line();
                    finish_images();
                    fail_diverged(seen);
                }
                losses_->row(seen, metrics);
                progress.add(seen, metrics);
            }
        };
        const auto report = [&] {
            take_metrics();
            reported = experiment_->iterations();
            const std::vector<double> test = experiment_->test();
            if (tests_) tests_->row(reported, test);
            progress.report(test);
            draw();
        };
        while (experiment_->iterations() < last && interrupt.signal() == 0) {
            experiment_->step();
            const std::uint64_t i = experiment_->iterations();
            if (i % experiment_->metrics_every() == 0) take_metrics();
            if (i % options_.every == 0) report();
            if (save_is_due()) {
                take_metrics();  // losses.csv must have every row up to the checkpoint
                save();
            }
        }
        if (reported != experiment_->iterations()) report();
        progress.end_line();
        save();
        finish();

        return end_run(progress.seconds(), interrupt.signal());
    }

private:
    void open_logs(std::uint64_t iteration) {
        losses_.emplace(open_log(folder_.losses(), program_.metrics, iteration, CsvLog::Rows::each));
        if (!program_.test_metrics.empty())
            tests_.emplace(open_log(folder_.test(), program_.test_metrics, iteration, CsvLog::Rows::some));
    }

    /// Writes what is derived from a run that has done its last iteration: it may have been killed before.
    int complete() {
        const std::uint64_t last = experiment_->iterations();
        if (images_.empty() || images_.back() != last) draw();
        CheckpointWriter writer;
        experiment_->serialize(writer);
        write_result(std::move(writer.file));
        finish();
        print_line("The run in " + folder_.name() + " has completed its " + std::to_string(last) +
                   " iterations: set a larger --iterations");
        return exit_code::done;
    }

    /// Prints how the run ended. `signal`: the one that asked for the end, if any. Returns the exit code.
    int end_run(double seconds, int signal) const {
        const std::uint64_t now = experiment_->iterations();
        const bool interrupted = now < options_.iterations;
        print_line((interrupted ? "Stopped after " : "Done after ") + std::to_string(now) + " iterations, " +
                   duration_text(seconds) + ": see " + folder_.name_of(folder_.image(now)));
        if (interrupted) print_line("Continue with --resume " + folder_.name());
        return interrupted ? exit_code::interrupted(signal) : exit_code::done;
    }

    /// Draws an image for the report. In a long run only those of every second, fourth, ... report are kept.
    void draw() {
        constexpr std::uint64_t most_images = 200;
        const std::uint64_t now = experiment_->iterations();
        folder_.write_image(now, experiment_->draw());
        images_.push_back(now);
        std::uint64_t spacing = options_.every;
        while (now / spacing > most_images) spacing *= 2;
        if (spacing == options_.every) return;
        std::erase_if(images_, [&](std::uint64_t iteration) {
            const bool left_out = iteration != now && iteration % spacing != 0;
            if (left_out) folder_.remove_image(iteration);
            return left_out;
        });
    }

    /// Writes the files that derive from others and from the networks. Idempotent.
    void finish() {
        finish_images();
        experiment_->write_results(folder_.path());
    }
    void finish_images() {
        if (!folder_.write_plot(program_.name + ", " + options_.recipe, program_.metrics))
            print_line(folder_.name_of(folder_.losses()) + " is missing or damaged: no plot was drawn");
        if (const std::size_t missing = folder_.write_animation(images_); missing > 0)
            print_line(std::to_string(missing) + " of " + std::to_string(images_.size()) +
                       " images are missing or damaged: " + folder_.name_of(folder_.animation()) +
                       " omits them");
    }

    /// By default saving takes a small share of the time: at reports, and also when much work is at risk.
    bool save_is_due() const {
        constexpr double largest_share = 0.05, seconds_at_risk = 30;
        const std::uint64_t i = experiment_->iterations();
        if (options_.save_every > 0) return i % options_.save_every == 0;
        const double trained = seconds_since(saved_at_);
        return trained * largest_share > save_seconds_ &&
               (i % options_.every == 0 || trained > seconds_at_risk);
    }
    /// Errors: values that are not finite, so that every checkpoint is usable.
    void save() {
        const auto begin = Clock::now();
        CheckpointWriter writer;
        experiment_->serialize(writer);
        if (!all_finite(writer.file)) fail_diverged(experiment_->iterations());
        writer.file.metadata.insert(metadata_.begin(), metadata_.end());
        if (losses_) losses_->sync();
        if (tests_) tests_->sync();
        folder_.save(writer.file);
        write_result(std::move(writer.file));
        saved_at_ = Clock::now();
        save_seconds_ = seconds_since(begin);
        saved_iteration_ = experiment_->iterations();
    }
    /// Writes the network that the experiment is for, if there is one, to a file with the run's program and
    /// recipe in its metadata.
    void write_result(Safetensors checkpoint) const {
        const std::string name = experiment_->result();
        if (name.empty()) return;
        Safetensors network = part_of(std::move(checkpoint), experiment_->result_part(), folder_.name());
        for (const char* key : {"program", "--recipe"}) network.metadata[key] = metadata_.at(key);
        write_safetensors(folder_.network(name), network);
    }
    void load(const SavedRun& saved) {
        const std::string source = folder_.name_of(folder_.newest_checkpoint());
        const auto text = [&](const std::string& name) {
            const auto found = saved.checkpoint.metadata.find(name);
            return found == saved.checkpoint.metadata.end() ? "nothing" : found->second;
        };
        const auto check_data = [&](const std::string& name, const std::string& was) {
            if (metadata_.contains(name) && text(name) != metadata_[name])
                fail("resume",
                     "the run in " + source + " was " + was + " than those in " + options_.data +
                         ": choose its folder with --data",
                     metadata_[name], ", not ", text(name));
        };
        check_data("data.train", "trained on other images or labels");
        check_data("data.test", "measured on other images or labels");
        CheckpointReader reader(saved.checkpoint, source);
        try {
            experiment_->serialize(reader);
            reader.apply();
        } catch (const Error& error) {
            throw Error(error.what() + folder_.advice());
        }
        for (const auto& [before, now] :
             {std::pair{reader.build(), core::build_text()}, {text("device"), metadata_["device"]}})
            if (before != now)
                print_line("The run was trained with " + before + " and continues with " + now +
                           ": results may differ in rounding from here on");
        saved_iteration_ = experiment_->iterations();
        save_seconds_ = saved.seconds;
    }
    [[noreturn]] void fail_diverged(std::uint64_t iteration) const {
        fail("training",
             "the networks diverged at iteration " + std::to_string(iteration) +
                 " (a loss or a weight is not finite): the last good checkpoint is of iteration " +
                 std::to_string(saved_iteration_) + " in " + folder_.name() +
                 "; try another seed or other options");
    }

    const Program& program_;
    Options options_;
    RunFolder folder_;
    std::map<std::string, std::string> metadata_;
    std::unique_ptr<Experiment> experiment_;
    FolderLock lock_;
    std::optional<CsvLog> losses_, tests_;
    std::vector<std::uint64_t> images_;  ///< iterations that have an image
    Clock::time_point saved_at_ = Clock::now();
    double save_seconds_ = 0;  ///< duration of the last save
    std::uint64_t saved_iteration_ = 0;
};

/// Output of --dry-run.
void print_plan(const AnyRecipe& recipe, const Options& options) {
    std::printf("%s\n", recipe.summary(options).c_str());
    print_line("recipe " + recipe.name + ": " + std::to_string(options.iterations) +
               " iterations, batches of " + std::to_string(options.batch) + " from " +
               (options.data.empty() ? "--data FOLDER" : options.data) +
               (options.classes.empty() ? "" : ", classes " + options.classes) + ", seed " +
               std::to_string(options.seed) + ", results in " + options.out.string());
}

/// Loads the run to resume and restores its options into `command_line`.
SavedRun load_run(const Program& program, CommandLine& command_line, const RunFolder& folder) {
    if (!io::exists(folder.path())) static_cast<void>(folder.newest_checkpoint());  // throws
    FolderLock lock = folder.take_over();
    const auto begin = Clock::now();
    SavedRun saved{std::move(lock), folder.load(), 0};
    saved.seconds = seconds_since(begin);
    const auto& metadata = saved.checkpoint.metadata;
    const std::string source = folder.name_of(folder.newest_checkpoint());
    const auto writer = metadata.find("program");
    if (writer == metadata.end())
        fail("resume", source + " is not a checkpoint of this program: it names no program");
    if (writer->second != program.name)
        fail("resume", source + " is a checkpoint of " + writer->second + ", not of " + program.name +
                           ": resume it with the program that wrote it");
    command_line.restore(metadata, source);
    return saved;
}

int run_or_throw(int argc, const char* const* argv, Program program) {
    std::vector<std::string> names;
    for (const AnyRecipe& recipe : program.recipes) names.push_back(recipe.name);
    CommandLine command_line(program.description, names, program.dataset);
    if (program.add_options) program.add_options(command_line);
    if (!command_line.parse(argc, argv)) return exit_code::done;
    if (program.check_options) program.check_options();  // before any work is done

    Options& options = command_line.options();
    if (options.out.empty()) options.out = std::filesystem::path("runs") / program.name / options.recipe;
    const RunFolder folder(options.out, program.images);
    std::optional<SavedRun> saved;
    if (options.resume)
        saved.emplace(load_run(program, command_line, folder));
    else if (!options.dry_run && io::exists(folder.path()))
        static_cast<void>(folder.begin());  // detects an existing run before the data is read

    if (program.complete) program.complete(program);

    const AnyRecipe& recipe = *std::ranges::find(program.recipes, options.recipe, &AnyRecipe::name);
    if (options.iterations == 0) options.iterations = recipe.iterations;
    if (options.batch == 0) options.batch = recipe.batch;
    if (program.dataset.has_classes && options.classes.empty())
        options.classes = recipe.classes.empty() ? "all" : recipe.classes;
    if (options.dry_run) {
        print_plan(recipe, options);
        return exit_code::done;
    }
    if (options.data.empty())
        fail("options",
             "--data FOLDER must be given: " + program.dataset.contents + "; --help lists the options");
    const LabelledImages data = program.dataset.load(options, Split::train);
    check_images(data.images, recipe);
    return Run(program, recipe, command_line, data, folder, std::move(saved)).train();
}

}  // namespace

int run(int argc, const char* const* argv, const Program& program) {
    return run_process("use a smaller --batch", [&] { return run_or_throw(argc, argv, program); });
}

}  // namespace gantry::program
