#pragma once
#include "options.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/core/images.hpp>
#include <gantry/core/random.hpp>
#include <gantry/core/shape.hpp>
#include <gantry/io/image.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::program {

/// The networks and optimizers that a program trains, with all state that a checkpoint must hold. The
/// training loop and its output are the same for every experiment: see program.cpp.
class Experiment {
public:
    Experiment() = default;
    Experiment(const Experiment&) = delete;
    Experiment& operator=(const Experiment&) = delete;
    virtual ~Experiment() = default;

    /// Runs one iteration, which may use several batches.
    virtual void step() = 0;
    /// Metrics of each iteration since the last call, oldest first. Call it every `metrics_every` iterations:
    /// on a GPU each call makes the host wait for the device.
    virtual std::vector<std::vector<double>> take_metrics() = 0;
    /// Iterations between calls of `take_metrics`.
    virtual std::uint64_t metrics_every() const { return 1; }
    /// Iterations done so far. Saved in the checkpoint.
    virtual std::uint64_t iterations() const = 0;
    /// Metrics on held-out data, for each report; empty if the experiment has no test split. Does not change
    /// the state of the run, and neither does `draw`.
    virtual std::vector<double> test() { return {}; }
    /// An image of the networks' current output, always of the same size.
    virtual io::Image draw() = 0;
    /// Writes additional result files to the run's folder at the end of training.
    virtual void write_results(const std::filesystem::path&) {}

    /// Name of the network that is also saved to a separate file with each checkpoint, for use without it.
    virtual std::string result() const { return {}; }
    /// Its name in the checkpoint.
    virtual std::string result_part() const { return result(); }

    /// Metadata of a checkpoint: "device" (see device_text) and, if there is a test split, "data.test" (see
    /// data_text).
    virtual std::map<std::string, std::string> record() const = 0;
    /// Saves or loads all state that a run needs to continue bit for bit.
    virtual void serialize(CheckpointWriter& checkpoint) = 0;
    virtual void serialize(CheckpointReader& checkpoint) = 0;
};

/// A recipe without its type: its name for --recipe, the defaults of options, and a factory.
struct AnyRecipe {
    std::string name;
    std::uint64_t iterations;
    int batch;
    std::string classes{};   ///< comma-separated, for data with classes; empty: all
    core::Extents input;     ///< of the networks: (Batch, height, width, channels) or (Batch, N)
    std::string parameters;  ///< parameter counts of the networks: "1200 parameters"
    /// The model card for --dry-run: the networks' layers, and what an iteration costs.
    std::function<std::string(const Options&)> summary;
    /// Creates the experiment with initialised networks. The data must outlive it.
    std::function<std::unique_ptr<Experiment>(const Options&, const LabelledImages&)> begin;
};

/// Derives a separate seed for a part of a run, so that two networks do not start with the same weights.
inline Seed seed_for(Seed run, std::string_view part) {
    const core::PhiloxBlock words = RandomStream(run, part).block(0);
    return Seed{std::uint64_t{words[1]} << 32 | words[0]};
}

}  // namespace gantry::program
