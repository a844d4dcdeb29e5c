#pragma once
// Catch2, version 2 or 3. Tests use only what both versions provide: TEST_CASE, TEMPLATE_TEST_CASE, SECTION,
// REQUIRE, CHECK, CAPTURE, INFO, REQUIRE_THROWS_AS, and REQUIRE_THROWS_WITH with a string or with contains().
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace gantry::test {

/// Matches an error text that contains `part`: `REQUIRE_THROWS_WITH(f(), contains("[matmul]"))`.
inline auto contains(const std::string& part) {
#if __has_include(<catch2/catch_test_macros.hpp>)
    return Catch::Matchers::ContainsSubstring(part);
#else
    return Catch::Matchers::Contains(part);
#endif
}

}  // namespace gantry::test
