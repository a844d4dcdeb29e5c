#include <gantry/core/error.hpp>
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/sequential.hpp>

#include <locale>
#include <string>

#include <support/catch.hpp>

using namespace gantry;

namespace {

/// German number format: 1.234,5
struct Grouped : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

}  // namespace

TEST_CASE("gantry's texts do not depend on the program's locale") {
    using Architecture = Sequential<Dense<1000, 2000>, LeakyReLU<0.2f>>;
    const auto texts = [] {
        try {
            fail("where", "a rule", 1234.5, " and ", 1234567);
        } catch (const Error& error) {
            return error.what() + Architecture::summary();
        }
    };
    const std::string expected = texts();
    const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouped));
    const std::string text = texts();
    std::locale::global(before);
    CHECK(text == expected);
}
