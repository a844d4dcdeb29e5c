#pragma once
#include "interrupt.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "recipe.hpp"
#include "run_folder.hpp"
#include "trainer.hpp"
#include <gantry/data/batches.hpp>
#include <gantry/data/mnist.hpp>
#include <gantry/gantry.hpp>
#include <gantry/io/checkpoint.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/picture.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>

namespace gantry::gan {

namespace exit_code {
inline constexpr int done = 0, failed = 1, interrupted = 130;
}

/// A run: networks, trainer and data, what it writes, and where it goes on from.
template <class Recipe>
class Run {
public:
    /// `saved`: the checkpoint to go on from. `command_line` has been restored from it.
    Run(const CommandLine& command_line, const LabelledImages& data, const std::optional<Safetensors>& saved)
        : options_(command_line.options()),
          data_(data),
          folder_(options_.out),
          device_({.threads = options_.threads}),
          generator_(device_, seed_for(seed(), "generator")),
          discriminator_(device_, seed_for(seed(), "discriminator")),
          generator_optimizer_(Recipe::generator_optimizer(generator_)),
          discriminator_optimizer_(Recipe::discriminator_optimizer(discriminator_)),
          trainer_(generator_, discriminator_, generator_optimizer_, discriminator_optimizer_,
                   AnyObjective(options_.objective, options_.real_label),
                   {.batch = options_.batch,
                    .discriminator_steps = options_.k,
                    .updates = Recipe::settings.updates,
                    .noise = Recipe::settings.noise,
                    .fixed_points = grid_side * grid_side,
                    .seed = seed()}),
          batches_(data, {.batch = static_cast<std::size_t>(options_.batch),
                          .range = Recipe::settings.range,
                          .seed = seed()}),
          metadata_(command_line.saved()) {
        if (batches_.item_size() != Recipe::Discriminator::Input::item_size)
            fail("data",
                 "the recipe takes pictures of " + std::to_string(Recipe::Discriminator::Input::item_size) +
                     " values",
                 batches_.item_size());
        metadata_["data.checksum"] = checksum(data.images);
        if (saved) {
            load(*saved);
        } else {
            RandomStream stream(seed(), "initialisation of the recipe");
            Recipe::initialize(generator_, discriminator_, data.images, stream);
            folder_.begin();
        }
    }

    /// Trains to the last iteration, or until Ctrl-C, or until a loss is not finite. Returns the exit code.
    int train() {
        const std::uint64_t first = trainer_.iterations(), last = options_.iterations;
        if (first >= last) {
            std::printf("The run in %s has done its %llu iterations: give more by --iterations\n",
                        folder_.path().c_str(), static_cast<unsigned long long>(first));
            return exit_code::done;
        }
        CsvLog losses = first > 0 ? CsvLog::resume(folder_.losses(), RunFolder::losses_header, first)
                                  : CsvLog(folder_.losses(), RunFolder::losses_header);
        if (first > 0)
            pictures_ = folder_.pictures(first);
        else
            draw();

        const Interrupt interrupt;
        Progress progress(first, last);
        while (trainer_.iterations() < last && !interrupt.requested()) {
            const GanLosses now = trainer_.step(batches_);
            const std::uint64_t i = trainer_.iterations();
            if (!std::isfinite(now.discriminator) || !std::isfinite(now.generator)) {
                progress.end_line();
                finish_pictures();
                fail_diverged();
            }
            losses.row(i, now.discriminator, now.generator, now.real_rating, now.fake_rating);
            progress.add(i, now);
            if (i % options_.every == 0) {
                progress.report();
                draw();
                if (Clock::now() - saved_at_ > std::chrono::seconds(30) || saved_iteration_ == 0) save();
            }
        }
        progress.report();
        progress.end_line();
        save();
        if (trainer_.iterations() % options_.every != 0) draw();
        finish_pictures();

        const bool interrupted = trainer_.iterations() < last;
        std::printf("%s after %llu iterations, %s: see %s\n", interrupted ? "Stopped" : "Done",
                    static_cast<unsigned long long>(trainer_.iterations()),
                    duration_text(progress.seconds()).c_str(),
                    folder_.samples(trainer_.iterations()).c_str());
        if (interrupted) std::printf("Go on with --resume %s\n", folder_.path().c_str());
        return interrupted ? exit_code::interrupted : exit_code::done;
    }

private:
    using Clock = std::chrono::steady_clock;
    using Generator = Network<typename Recipe::Generator, Cpu>;
    using Discriminator = Network<typename Recipe::Discriminator, Cpu>;
    using GeneratorOptimizer = decltype(Recipe::generator_optimizer(std::declval<Generator&>()));
    using DiscriminatorOptimizer = decltype(Recipe::discriminator_optimizer(std::declval<Discriminator&>()));
    static constexpr int grid_side = 8;

    Seed seed() const { return Seed{options_.seed}; }

    /// A picture of the fixed latent points.
    void draw() {
        const Images& images = data_.images;
        folder_.write_samples(trainer_.iterations(),
                              grid(trainer_.samples(), images.height, images.width, images.channels,
                                   {.columns = grid_side, .scale = 2, .range = Recipe::settings.range}));
        pictures_.push_back(trainer_.iterations());
    }
    void finish_pictures() {
        folder_.write_plot(options_.recipe + ", " + options_.objective);
        folder_.write_animation(pictures_);
    }

    template <class Checkpoint>
    void describe(Checkpoint& checkpoint, std::uint64_t& data_position) {
        trainer_.describe(checkpoint);
        checkpoint.number("data.position", data_position);
    }
    /// Errors: weights that are not finite, since a checkpoint is to be good.
    void save() {
        const auto finite = [](const auto& buffer) {
            return std::ranges::all_of(buffer.to_host(), [](float x) { return std::isfinite(x); });
        };
        if (!finite(generator_.parameters()) || !finite(discriminator_.parameters())) fail_diverged();
        CheckpointWriter writer;
        std::uint64_t position = batches_.position();
        describe(writer, position);
        writer.file.metadata.insert(metadata_.begin(), metadata_.end());
        folder_.save(writer.file);
        saved_at_ = Clock::now();
        saved_iteration_ = trainer_.iterations();
    }
    void load(const Safetensors& saved) {
        const std::string source = folder_.newest_checkpoint().string();
        const auto data_checksum = saved.metadata.find("data.checksum");
        if (data_checksum == saved.metadata.end() || data_checksum->second != metadata_["data.checksum"])
            fail("resume", "the run in " + source + " was trained on other images than those in " +
                               options_.data + ": name its folder by --data");
        CheckpointReader reader(saved, source);
        std::uint64_t position = 0;
        describe(reader, position);
        reader.apply();
        batches_.seek(position);
        saved_iteration_ = trainer_.iterations();
    }
    [[noreturn]] void fail_diverged() const {
        const std::string kept = saved_iteration_ == 0 ? "there is no checkpoint yet"
                                                       : "the last good checkpoint is that of iteration " +
                                                             std::to_string(saved_iteration_) + " in " +
                                                             folder_.path().string();
        fail("training", "the networks diverged at iteration " + std::to_string(trainer_.iterations()) +
                             " (a loss or a weight is not finite): " + kept +
                             "; try another seed, objective or recipe");
    }
    static std::string checksum(const Images& images) {
        return std::to_string(crc32_z(0, images.pixels.data(), images.pixels.size()));
    }

    Options options_;
    const LabelledImages& data_;
    RunFolder folder_;
    Cpu device_;
    Generator generator_;
    Discriminator discriminator_;
    GeneratorOptimizer generator_optimizer_;
    DiscriminatorOptimizer discriminator_optimizer_;
    GanTrainer<Generator, Discriminator, GeneratorOptimizer, DiscriminatorOptimizer, AnyObjective> trainer_;
    Batches<float> batches_;
    std::map<std::string, std::string> metadata_;
    std::vector<std::uint64_t> pictures_;  ///< iterations that have one
    Clock::time_point saved_at_ = Clock::now();
    std::uint64_t saved_iteration_ = 0;
};

/// What --dry-run prints.
template <class Recipe>
void print_plan(const Options& options) {
    std::printf("Generator\n%s\nDiscriminator\n%s\n", Recipe::Generator::summary().c_str(),
                Recipe::Discriminator::summary().c_str());
    std::printf(
        "recipe %s: %llu iterations of %d update(s) of the discriminator and one of the generator, %s,\n"
        "batches of %d from %s, objective %s, seed %llu, results in %s\n",
        options.recipe.c_str(), static_cast<unsigned long long>(options.iterations), options.k,
        Recipe::settings.updates == Updates::simultaneous ? "simultaneous" : "alternating", options.batch,
        options.data.c_str(), options.objective.c_str(), static_cast<unsigned long long>(options.seed),
        options.out.c_str());
}

/// The program: trains the recipe that the command line names on `load(folder)`. Returns the exit code.
template <class... Recipes, class Load>
int run(int argc, const char* const* argv, const std::string& description, const Load& load) {
    try {
        CommandLine command_line(description, {std::string(Recipes::name)...});
        if (!command_line.parse(argc, argv)) return exit_code::done;
        Options& options = command_line.options();
        AnyObjective(options.objective, options.real_label);  // refused before anything is done

        std::optional<Safetensors> saved;
        if (options.resume) {
            const RunFolder folder(options.out);
            saved = folder.load();
            command_line.restore(saved->metadata, folder.newest_checkpoint().string());
        } else if (!options.dry_run && RunFolder(options.out).has_checkpoint()) {
            RunFolder(options.out).begin();  // says so before the data is read
        }

        int code = exit_code::failed;
        const auto run_recipe = [&]<class Recipe>(Recipe) {
            if (options.recipe != Recipe::name) return;
            if (options.iterations == 0) options.iterations = Recipe::settings.iterations;
            if (options.batch == 0) options.batch = Recipe::settings.batch;
            if (options.dry_run) {
                print_plan<Recipe>(options);
                code = exit_code::done;
                return;
            }
            const LabelledImages data = load(options.data);
            code = Run<Recipe>(command_line, data, saved).train();
        };
        (run_recipe(Recipes{}), ...);
        return code;
    } catch (const std::bad_alloc&) {
        std::fputs("[memory] there is not enough memory: take a smaller --batch\n", stderr);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
    return exit_code::failed;
}

}  // namespace gantry::gan
