#pragma once
#include "options.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/core/images.hpp>
#include <gantry/core/random.hpp>
#include <gantry/core/shape.hpp>
#include <gantry/io/picture.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::program {

/// What a program trains: networks, their optimizers, and all that a run must save of them. The loop around
/// it, and what a user sees of a run, is the same for every task: see program.cpp.
class Experiment {
public:
    Experiment() = default;
    Experiment(const Experiment&) = delete;
    Experiment& operator=(const Experiment&) = delete;
    virtual ~Experiment() = default;

    /// One iteration, with as many batches as it needs.
    virtual void step() = 0;
    /// Metrics of each iteration since the last call, the oldest first. To be called every `metrics_every`
    /// iterations: more often costs time on a GPU, where the host must wait for them.
    virtual std::vector<std::vector<double>> take_metrics() = 0;
    virtual std::uint64_t metrics_every() const { return 1; }
    /// Iterations done so far; a part of the checkpoint.
    virtual std::uint64_t iterations() const = 0;
    /// Metrics of a report, on data that are not trained on; none for a task without them. Like `draw`, it
    /// changes nothing in the run.
    virtual std::vector<double> test() { return {}; }
    /// A picture of what the networks do now, always of the same size.
    virtual Picture draw() = 0;
    /// Writes what belongs into the run's folder at the end of training, beside what every run has.
    virtual void write_results(const std::filesystem::path&) {}

    /// Name of the network that each save also writes to a separate file, for use without the checkpoint.
    virtual std::string result() const { return {}; }

    /// What a checkpoint says beside its numbers: "device", what computes, and "data.test", see data_text, of
    /// a task that has a test part.
    virtual std::map<std::string, std::string> record() const = 0;
    virtual void serialize(CheckpointWriter& checkpoint) = 0;
    virtual void serialize(CheckpointReader& checkpoint) = 0;
};

/// A recipe as the loop sees it: what --recipe names, with the options' defaults.
struct AnyRecipe {
    std::string name;
    std::uint64_t iterations;
    int batch;
    std::string classes{};  ///< of data that have some, with commas; empty: all
    Extents input;  ///< pictures that the networks take: (Batch, height, width, channels) or (Batch, N)
    std::string parameters;                ///< of its networks: "1200 parameters"
    std::function<std::string()> summary;  ///< its networks as text, for --dry-run
    /// Makes the networks with their first weights. The data outlive the task.
    std::function<std::unique_ptr<Experiment>(const Options&, const LabelledImages&)> begin;
};

/// A seed of its own for a part of a run, so that two networks do not begin with the same numbers.
inline Seed seed_for(Seed run, std::string_view part) {
    const PhiloxBlock words = RandomStream(run, part).block(0);
    return Seed{std::uint64_t{words[1]} << 32 | words[0]};
}

}  // namespace gantry::program
