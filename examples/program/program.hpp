#pragma once
#include "dataset.hpp"
#include "experiment.hpp"
#include "metric.hpp"

#include <functional>
#include <string>
#include <vector>

namespace gantry::program {

/// What makes a program that trains; its main() says at least the first three.
struct Program {
    std::string name;         ///< of the executable
    std::string description;  ///< the head of --help
    Dataset source;
    std::string pictures = "samples";  ///< name of the pictures in the run's folder
    std::vector<AnyRecipe> recipes{};
    std::vector<Metric> metrics{};                    ///< of each step; at most 8
    std::vector<Metric> test_metrics{};               ///< of each report, likewise; none: there is no test
    std::function<void(CommandLine&)> add_options{};  ///< the program's own
    std::function<void()> check_options{};            ///< Errors: values that make no sense together
};

/// The program: trains the recipe that the command line names. Whatever goes wrong is one line on error
/// output. Returns the exit code: 0 if it has done what it was asked for, 128 and the signal's number (130
/// for Ctrl-C) if a signal stopped it and it has saved, 1 otherwise.
int run(int argc, const char* const* argv, const Program& program);

}  // namespace gantry::program
