#pragma once
#include "dataset.hpp"
#include "experiment.hpp"
#include "metric.hpp"

#include <functional>
#include <string>
#include <vector>

namespace gantry::program {

/// Describes a training program. Its main() sets at least the first three fields.
struct Program {
    std::string name;         ///< of the executable
    std::string description;  ///< first paragraph of --help
    Dataset dataset;
    std::string images = "samples";  ///< base name of the generated images in the run's folder
    std::vector<AnyRecipe> recipes{};
    std::vector<Metric> metrics{};                    ///< of each iteration; at most 8
    std::vector<Metric> test_metrics{};               ///< of each report, also at most 8; none: no test split
    std::function<void(CommandLine&)> add_options{};  ///< adds options that only this program has
    std::function<void()> check_options{};            ///< Errors: option values that contradict each other
    /// Called when all options are known, also those of a run to resume: may still change the metrics.
    std::function<void(Program&)> complete{};
};

/// Runs the program: trains the recipe that the command line selects. Errors are printed as one line on
/// standard error. Returns the exit code: 0 on success, 128 plus the signal's number (130 for Ctrl-C) if a
/// signal stopped the run after it had saved, 1 otherwise.
int run(int argc, const char* const* argv, const Program& program);

}  // namespace gantry::program
