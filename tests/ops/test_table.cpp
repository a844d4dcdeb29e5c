#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace gantry::test {
namespace {

const std::filesystem::path root =
    std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path();

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The first capture group of every match.
std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
    std::set<std::string> found;
    for (std::sregex_iterator i(text.begin(), text.end(), pattern), end; i != end; ++i)
        found.insert((*i)[1].str());
    return found;
}

/// Public functions of a header in ops/: those directly in gantry::.
std::set<std::string> public_functions(std::string text) {
    for (const std::string begin : {"\nnamespace detail {", "\nnamespace gantry::detail {",
                                    "\nnamespace ops {", "\nnamespace gantry::ops {"})
        for (std::size_t from; (from = text.find(begin)) != std::string::npos;) {
            std::size_t to = from + begin.size();
            for (int depth = 1; depth > 0; ++to)
                depth += text.at(to) == '{' ? 1 : text.at(to) == '}' ? -1 : 0;
            text.erase(from, to - from);
        }
    return matches(text, std::regex("\nauto (operator[-+*/<>]=?|[a-z_0-9]+)\\("));
}

}  // namespace

TEST_CASE("docs/ops.md lists every op, and only checks that exist", "[ops]") {
    std::string names, checked;  // the columns of ops and of their checks
    std::string table = read(root / "docs/ops.md");
    table.erase(table.find("| layer |"));
    const std::regex row("\n\\| (`[^|]*)\\|[^|]*\\|[^|]*\\|[^|]*\\|([^|]*)\\|[^|]*\\|");
    for (std::sregex_iterator i(table.begin(), table.end(), row), end; i != end; ++i) {
        names += (*i)[1].str();
        checked += (*i)[2].str();
    }
    const std::regex quoted("`([^`]+)`");
    const auto listed = matches(names, quoted);
    std::set<std::string> ops;
    for (const auto& file : std::filesystem::directory_iterator(root / "include/gantry/ops"))
        ops.merge(public_functions(read(file.path())));
    CHECK(ops.size() > 30);
    CHECK(listed == ops);

    std::string tests;
    for (const auto& file : std::filesystem::directory_iterator(root / "tests/ops"))
        if (file.path().extension() == ".cpp") tests += read(file.path());
    const auto checks = matches(checked, quoted);
    CHECK(checks.size() >= ops.size());
    const auto existing = matches(tests, std::regex("check_op<[^;]*?>\\(\\s*\"([^\"]+)\""));
    for (const std::string& name : checks) {
        INFO(name);
        CHECK(existing.count(name) == 1);
    }
}

}  // namespace gantry::test
