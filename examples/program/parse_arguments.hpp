#pragma once
#include <gantry/checkpoint/build_text.hpp>
#include <gantry/core/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace gantry::program {

/// Levenshtein distance: the number of letters to insert, remove or replace to turn `a` into `b`. Source:
/// Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals" (1966).
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

/// The option that an unknown one was probably meant to be: "--iterations" for "--iteratoins" or "--iter",
/// "--batch" for "--batch-size"; "" if none is close.
inline std::string similar_option(const CLI::App& app, const std::string& unknown) {
    std::string best;
    std::size_t least = 1 + unknown.size() / 3;
    for (const CLI::Option* option : app.get_options()) {
        const std::string name = option->get_name();
        const bool longer = name.size() > 4 && unknown.starts_with(name), shorter = name.starts_with(unknown);
        const std::size_t distance = longer || shorter ? 0 : edit_distance(unknown, name);
        if (name.starts_with("--") && distance < least) {
            least = distance;
            best = name;
        }
    }
    return best;
}

/// Parses a program's arguments. Returns false if the program should exit, after --help or --version. Errors:
/// invalid arguments; for an unknown option, the message suggests the closest one.
inline bool parse_arguments(CLI::App& app, int argc, const char* const* argv) {
    app.set_version_flag("--version", core::build_text(),
                         "Show the version of gantry and how the program was compiled");
    try {
        app.parse(argc, argv);
        return true;
    } catch (const CLI::CallForHelp&) {
        std::fputs(app.help().c_str(), stdout);
    } catch (const CLI::CallForVersion& version) {
        std::printf("%s\n", version.what());
    } catch (const CLI::ParseError& error) {
        for (const std::string& unknown : app.remaining()) {
            if (!unknown.starts_with("--")) continue;
            const std::string name = unknown.substr(0, unknown.find('=')), meant = similar_option(app, name);
            fail("options", name + " is not an option" +
                                (meant.empty() ? "" : "; did you mean " + meant + "?") +
                                "; --help lists the options");
        }
        fail("options", std::string(error.what()) + "; --help lists the options");
    }
    return false;
}

}  // namespace gantry::program
