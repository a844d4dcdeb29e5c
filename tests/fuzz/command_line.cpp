#include "fuzz.hpp"
#include "program/dataset.hpp"
#include "program/options.hpp"

#include <string>
#include <vector>

using namespace gantry;

// One argument per line. Accepted options can be saved and restored.
GANTRY_FUZZ(input) {
    std::vector<std::string> words{"program"};
    words.emplace_back();
    for (const std::uint8_t byte : input)
        if (byte == '\n')
            words.emplace_back();
        else if (byte != 0)
            words.back() += static_cast<char>(byte);
    if (words.back() == "--help") return;  // prints the help
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());

    const auto make = [] {
        program::Dataset source{.contents = "Folder", .has_classes = true, .may_be_broken = true};
        return program::CommandLine("A program.", {"first", "second"}, source);
    };
    fuzz::accept_or_refuse([&] {
        program::CommandLine command_line = make();
        if (!command_line.parse(static_cast<int>(arguments.size()), arguments.data())) return;
        const auto saved = command_line.saved();
        program::CommandLine again = make();
        const char* const alone[] = {"program"};
        again.parse(1, alone);
        again.restore(saved, "a checkpoint");
        if (again.saved() != saved) std::abort();
    });
}
