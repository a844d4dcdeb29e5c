#include <gantry/core/error.hpp>
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/sequential.hpp>

#include <string>

#include <support/catch.hpp>
#include <support/comma_locale.hpp>

using namespace gantry;

TEST_CASE("gantry's texts do not depend on the program's locale") {
    using Architecture = Sequential<Dense<1000, 2000>, LeakyReLU<0.2f>>;
    const auto texts = [] {
        return error_of([] { fail("where", "a rule", 1234.5, " and ", 1234567); }) + Architecture::summary();
    };
    const std::string expected = texts();
    const CommaLocale comma;
    CHECK(texts() == expected);
}
