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

/// Options of every training program. --classes exists only for data with classes, --skip-broken only for
/// folders of image files.
struct Options {
    std::string recipe{};
    std::string data{};            ///< folder; empty: not given, and the data set has no default
    std::string classes{};         ///< empty: the recipe's; "all", or comma-separated names
    bool skip_broken = false;      ///< skip image files that cannot be read
    std::uint64_t iterations = 0;  ///< 0: the recipe's
    int batch = 0;                 ///< 0: the recipe's
    std::uint64_t seed = 1;
    std::uint64_t every = 250;
    std::uint64_t save_every = 0;         ///< 0: chosen so that saving takes a small share of the time
    std::string device = "auto";          ///< "cpu", "eigen", "cuda", or "auto": a GPU if one is available
    std::optional<int> gpu{};             ///< number of the GPU; none: 0
    bool tf32 = false;                    ///< on a GPU: CudaOptions::tf32
    int threads = 0;                      ///< of the CPU; 0: all cores
    std::string data_placement = "auto";  ///< of a GAN's images on a GPU: "resident", "streamed" or "auto"
    std::filesystem::path out{};
    bool resume = false;
    bool dry_run = false;
};

/// Options for serving a run's data in batches, with pixels converted to `range`.
inline BatchOptions batch_options(const Options& options, PixelRange range) {
    return {.batch = static_cast<std::size_t>(options.batch),
            .range = range,
            .seed = Seed{options.seed},
            .placement = options.data_placement == "resident"   ? DataPlacement::resident
                         : options.data_placement == "streamed" ? DataPlacement::streamed
                                                                : DataPlacement::automatic};
}

struct Dataset;

/// The command line of a training program. Options that define a run are saved in its checkpoints and
/// restored from them. (In a separate translation unit, since CLI11 takes as long to compile as all of
/// gantry.)
class CommandLine {
public:
    CommandLine(const std::string& description, const std::vector<std::string>& recipes,
                const Dataset& dataset);
    ~CommandLine();

    /// Adds an option that only this program has and that is fixed for the whole run: one of `choices`, a
    /// real number, or an integer >= `least`. `value` holds the default and receives the user's value in
    /// `parse`; it must outlive this object.
    void add(const std::string& name, std::string& value, const std::string& help,
             const std::vector<std::string>& choices);
    void add(const std::string& name, double& value, const std::string& help);
    void add(const std::string& name, int& value, const std::string& help, int least);

    /// Returns false after --help and --version. Errors: invalid options.
    bool parse(int argc, const char* const* argv);

    /// The parsed options; `restore` changes them.
    Options& options();
    const Options& options() const;

    /// The options that define the run, by name.
    std::map<std::string, std::string> saved() const;
    /// Sets options that the user did not give to those of a saved run. Errors: a given option differs from
    /// the saved one and would change the run; a saved option is missing or invalid.
    void restore(const std::map<std::string, std::string>& values, const std::string& source);

private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace gantry::program
