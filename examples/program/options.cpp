#include "options.hpp"

#include "dataset.hpp"
#include "parse_arguments.hpp"
#include <gantry/core/error.hpp>
#include <gantry/io/csv.hpp>

#include <array>
#include <charconv>
#include <functional>
#include <utility>

#include <CLI/CLI.hpp>

namespace gantry::program {
namespace {

/// Accepts integers >= `least`.
CLI::Validator at_least(std::int64_t least) {
    const auto check = [least](const std::string& text) {
        std::int64_t value = 0;
        if (io::parse_number(text, value) && value >= least) return std::string();
        return "must be an integer of at least " + std::to_string(least) + "; got " + text;
    };
    return CLI::Validator(check, "");
}

}  // namespace

class CommandLine::Parser {
public:
    enum class Saved {
        fixed,       ///< cannot change during a run
        changeable,  ///< may change when a run is resumed
    };

    Parser(const std::string& description, const std::vector<std::string>& recipes, const Dataset& dataset)
        : app_(description) {
        options_.recipe = recipes.front();
        options_.data = dataset.folder;
        add("--recipe", options_.recipe, "Networks, optimizers and settings", Saved::fixed)
            ->check(CLI::IsMember(recipes))
            ->capture_default_str();
        add("--data", options_.data, dataset.contents, Saved::changeable)
            ->type_name("FOLDER")
            ->capture_default_str();
        if (dataset.has_classes)
            add("--classes", options_.classes, "Comma-separated, or all; default: the recipe's", Saved::fixed)
                ->type_name("NAME,NAME");
        if (dataset.may_be_broken)
            remember(app_.add_flag("--skip-broken", options_.skip_broken, "Skip images that cannot be read"),
                     options_.skip_broken, Saved::changeable);
        add("--iterations", options_.iterations, "Number of iterations; default: the recipe's",
            Saved::changeable)
            ->check(at_least(1));
        add("--batch", options_.batch, "Batch size; default: the recipe's", Saved::fixed)->check(at_least(1));
        add("--seed", options_.seed, "Seed of all random numbers", Saved::fixed)
            ->check(at_least(0))
            ->capture_default_str();
        add("--every", options_.every, "Iterations between reports, each with an image", Saved::changeable)
            ->check(at_least(1))
            ->capture_default_str();
        add("--save-every", options_.save_every,
            "Iterations between checkpoints; 0: as often as possible within 5 % of the time",
            Saved::changeable)
            ->check(at_least(0))
            ->capture_default_str();
        app_.add_option(
                "--device", options_.device,
                "Device to train on; auto: a GPU if there is one; eigen: the CPU, with Eigen's kernels, "
                "in programs built with them (gan_mnist_mlp)")
            ->check(CLI::IsMember({"auto", "cpu", "eigen", "cuda"}))
            ->capture_default_str();
        app_.add_option("--gpu", options_.gpu, "Index of the GPU in CUDA's order; default: 0")
            ->check(at_least(0));
        app_.add_flag("--tf32", options_.tf32,
                      "On a GPU: use TF32 tensor cores, faster, with 10 bits of mantissa");
        app_.add_option("--threads", options_.threads, "CPU threads; 0: all cores. Affects speed only")
            ->check(at_least(0))
            ->capture_default_str();
        app_.add_option("--data-placement", options_.data_placement,
                        "On a GPU: keep a GAN's images in GPU memory (resident), or copy them during "
                        "training (streamed); auto: resident if they fit. Affects speed only")
            ->check(CLI::IsMember({"auto", "resident", "streamed"}))
            ->capture_default_str();
        out_ = app_.add_option("--out", options_.out, "Folder for the results; default: runs/PROGRAM/RECIPE")
                   ->type_name("FOLDER");
        resume_ = app_.add_option("--resume", resume_folder_, "Resume the run in FOLDER, or in --out")
                      ->type_name("[FOLDER]")
                      ->expected(0, 1);
        app_.add_flag("--dry-run", options_.dry_run, "Print networks and settings without training");
    }

    // Independent of the locale, unlike CLI11 and streams.
    static std::string text_of(const std::string& value) { return value; }
    static std::string text_of(bool value) { return value ? "true" : "false"; }
    template <class T>
    static std::string text_of(T value) {
        std::array<char, 32> digits;
        return {digits.begin(), std::to_chars(digits.begin(), digits.end(), value).ptr};
    }
    template <class T>
    CLI::Option* add_unsaved(const std::string& name, T& value, const std::string& help) {
        return app_.add_option(name, value, help)->default_function([&value] { return text_of(value); });
    }
    CLI::Option* add_unsaved(const std::string& name, double& value, const std::string& help) {
        const auto parse = [name, &value](const std::string& text) {
            if (!io::parse_number(text, value)) throw CLI::ConversionError(text, name);
        };
        return app_.add_option_function<std::string>(name, parse, help)
            ->type_name("FLOAT")
            ->default_str(text_of(value));
    }

    template <class T>
    CLI::Option* add(const std::string& name, T& value, const std::string& help, Saved kind) {
        CLI::Option* const option = add_unsaved(name, value, help);
        return remember(option, value, kind);
    }
    template <class T>
    CLI::Option* remember(CLI::Option* option, const T& value, Saved kind) {
        saved_.push_back({option, kind, [&value] { return text_of(value); }});
        return option;
    }

    bool parse(int argc, const char* const* argv) {
        if (!parse_arguments(app_, argc, argv)) return false;
        for (const auto& [name, given] :
             {std::pair{"--gpu", options_.gpu.has_value()}, {"--tf32", options_.tf32}})
            if (given && (options_.device == "cpu" || options_.device == "eigen"))
                fail(name, "--device " + options_.device + " uses no GPU: omit one of the two options");
        options_.resume = resume_->count() > 0;
        if (!resume_folder_.empty()) {
            if (out_->count() > 0 && options_.out != resume_folder_)
                fail("options", "--resume and --out must name the same folder", resume_folder_, " and ",
                     options_.out.string());
            options_.out = resume_folder_;
        }
        return true;
    }

    Options& options() { return options_; }

    std::map<std::string, std::string> saved() const {
        std::map<std::string, std::string> values;
        for (const SavedOption& option : saved_) values[option.option->get_name()] = option.text();
        return values;
    }
    void restore(const std::map<std::string, std::string>& values, const std::string& source) {
        for (const SavedOption& saved : saved_) {
            const std::string name = saved.option->get_name();
            const auto value = values.find(name);
            if (value == values.end())
                fail("resume", source + " is not a checkpoint of this program: it has no " + name);
            if (saved.option->count() == 0) {
                try {
                    saved.option->add_result(value->second);
                    saved.option->run_callback();
                } catch (const CLI::ParseError& error) {
                    fail("resume", source + " is damaged: " + error.what());
                }
            } else if (saved.kind == Saved::fixed && saved.text() != value->second) {
                fail("resume",
                     "the run in " + source + " has " + name + ' ' + value->second +
                         ": omit the option, or start a new run with another --out",
                     name, ' ', saved.text());
            }
        }
    }

private:
    struct SavedOption {
        CLI::Option* option;
        Saved kind;
        std::function<std::string()> text;
    };

    Options options_;
    std::string resume_folder_;
    CLI::App app_;
    CLI::Option *out_ = nullptr, *resume_ = nullptr;
    std::vector<SavedOption> saved_;
};

CommandLine::CommandLine(const std::string& description, const std::vector<std::string>& recipes,
                         const Dataset& dataset)
    : parser_(std::make_unique<Parser>(description, recipes, dataset)) {}
CommandLine::~CommandLine() = default;

void CommandLine::add(const std::string& name, std::string& value, const std::string& help,
                      const std::vector<std::string>& choices) {
    parser_->add(name, value, help, Parser::Saved::fixed)
        ->check(CLI::IsMember(choices))
        ->capture_default_str();
}
void CommandLine::add(const std::string& name, double& value, const std::string& help) {
    parser_->add(name, value, help, Parser::Saved::fixed)->capture_default_str();
}
void CommandLine::add(const std::string& name, int& value, const std::string& help, int least) {
    parser_->add(name, value, help, Parser::Saved::fixed)->check(at_least(least))->capture_default_str();
}

bool CommandLine::parse(int argc, const char* const* argv) { return parser_->parse(argc, argv); }
Options& CommandLine::options() { return parser_->options(); }
const Options& CommandLine::options() const { return parser_->options(); }
std::map<std::string, std::string> CommandLine::saved() const { return parser_->saved(); }
void CommandLine::restore(const std::map<std::string, std::string>& values, const std::string& source) {
    parser_->restore(values, source);
}

}  // namespace gantry::program
