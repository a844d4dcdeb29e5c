#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gantry::gan {

/// What a user may say to a program that trains a GAN.
struct Options {
    std::string recipe;
    std::string data = "/usr/share/datasets/fashion-mnist";
    std::string objective = "non-saturating";
    double real_label = 1;
    std::uint64_t iterations = 0;  ///< 0: the recipe's
    int batch = 0;                 ///< 0: the recipe's
    int k = 1;
    std::uint64_t seed = 1;
    std::uint64_t every = 250;
    int threads = 0;  ///< 0: all cores
    std::filesystem::path out;
    bool resume = false;
    bool dry_run = false;
};

/// The command line of such a program. Options that make a run what it is are saved in its checkpoints and
/// come back from there. (In a file of its own, since CLI11 takes as long to compile as all of gantry.)
class CommandLine {
public:
    CommandLine(const std::string& description, const std::vector<std::string>& recipes);
    ~CommandLine();

    /// Whether to go on: false after --help. Errors: options that make no sense.
    bool parse(int argc, const char* const* argv);

    Options& options();
    const Options& options() const;

    /// The options that make a run what it is, by name.
    std::map<std::string, std::string> saved() const;
    /// Takes the options that the user did not give from a saved run. Errors: one that the user gave and that
    /// would make it another run; a saved one that is missing or makes no sense.
    void restore(const std::map<std::string, std::string>& values, const std::string& source);

private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace gantry::gan
