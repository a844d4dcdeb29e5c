// Two files of one program, compiled for different instruction sets: each runs its own kernels. (Without
// names that differ, the linker keeps one of two functions that have the same name.)
#include "support/catch.hpp"
#include "targets/narrow.hpp"
#include "targets/training.hpp"

#include <cmath>

TEST_CASE("files for different instruction sets keep their own functions") {
    CHECK(gantry::cpu::fills_columns<float>(4) == (gantry::cpu::lanes<float> == 4));
    CHECK(narrow::four_channels_fill() == (narrow::lanes() == 4));
    const float here = train(), there = narrow::trained_weight();
    CHECK(std::abs(here - there) < 1e-5f * std::abs(here));
}
