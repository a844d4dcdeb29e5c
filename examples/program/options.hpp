#pragma once
#include <gantry/data/shuffled_order.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gantry::program {

/// What a user may say to every program that trains; --classes to those whose data have
/// classes, --skip-broken to those that read a folder of the user's own.
struct Options {
    std::string recipe{};
    std::string data{};            ///< folder; empty: not given, and there is none by default
    std::string classes{};         ///< empty: the recipe's; "all", or names with commas between them
    bool skip_broken = false;      ///< of a folder of pictures: go on without those that cannot be read
    std::uint64_t iterations = 0;  ///< 0: the recipe's
    int batch = 0;                 ///< 0: the recipe's
    std::uint64_t seed = 1;
    std::uint64_t every = 250;
    std::uint64_t save_every = 0;         ///< 0: as often as it takes a small share of the time
    std::string device = "auto";          ///< "cpu", "cuda", or "auto": a GPU where there is one
    std::optional<int> gpu{};             ///< number of the GPU; none: 0
    bool tf32 = false;                    ///< on a GPU: CudaOptions::tf32
    int threads = 0;                      ///< of the CPU; 0: all cores
    std::string data_placement = "auto";  ///< of a GAN's images on a GPU: "resident", "streamed", or "auto"
    std::filesystem::path out{};
    bool resume = false;
    bool dry_run = false;
};

/// How data is served to the networks of a run.
inline BatchOptions batch_options(const Options& options, PixelRange range) {
    return {.batch = static_cast<std::size_t>(options.batch),
            .range = range,
            .seed = Seed{options.seed},
            .placement = options.data_placement == "resident"   ? DataPlacement::resident
                         : options.data_placement == "streamed" ? DataPlacement::streamed
                                                                : DataPlacement::automatic};
}

struct Dataset;

/// The command line of a program that trains. Options that make a run what it is are saved in its checkpoints
/// and come back from there. (In a file of its own, since CLI11 takes as long to compile as all of gantry.)
class CommandLine {
public:
    CommandLine(const std::string& description, const std::vector<std::string>& recipes,
                const Dataset& source);
    ~CommandLine();

    /// An option of one program alone, which a run keeps to its end: one of `choices`, a number, or a whole
    /// number from `least` on. `value` holds the default, is what the user says after `parse`, and must
    /// outlive this object.
    void add(const std::string& name, std::string& value, const std::string& help,
             const std::vector<std::string>& choices);
    void add(const std::string& name, double& value, const std::string& help);
    void add(const std::string& name, int& value, const std::string& help, int least);

    /// Whether to go on: false after --help and --version. Errors: options that make no sense.
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

}  // namespace gantry::program
