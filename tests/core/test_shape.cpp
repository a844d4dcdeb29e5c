#include "support/catch.hpp"
#include <gantry/core/error.hpp>
#include <gantry/core/options.hpp>
#include <gantry/core/shape.hpp>

#include <sstream>
#include <string>

namespace gantry::test {
namespace {

// Valid and invalid windows on either axis.
static_assert(Conv2dOptions{.size = 4, .stride = 2, .output_padding = 1}.valid());
static_assert(!Conv2dOptions{.size = 4, .stride = 2, .output_padding = 2}.valid());
static_assert(Conv2dOptions{.size = 4, .stride = 2, .dilation = 3, .output_padding = 2}.valid());
static_assert(!Conv2dOptions{.size = 4, .stride = 2, .dilation = 3, .output_padding = 3}.valid());
static_assert(!Conv2dOptions{.size = {0, 1}}.valid() && !Conv2dOptions{.size = {1, 0}}.valid());
static_assert(!Conv2dOptions{.size = 1, .stride = {0, 1}}.valid() &&
              !Conv2dOptions{.size = 1, .stride = {1, 0}}.valid());
static_assert(!Conv2dOptions{.size = 1, .padding = {-1, 0}}.valid() &&
              !Conv2dOptions{.size = 1, .padding = {0, -1}}.valid());
static_assert(!Conv2dOptions{.size = 1, .dilation = {0, 1}}.valid() &&
              !Conv2dOptions{.size = 1, .dilation = {1, 0}}.valid());
static_assert(!Conv2dOptions{.size = 1, .output_padding = {-1, 0}}.valid());

static_assert(Shape<>::rank == 0 && Shape<>::sample_size == 1 && !Shape<>::batched);
static_assert(Shape<Batch, 28, 28, 1>::rank == 4 && Shape<Batch, 28, 28, 1>::sample_size == 784);
static_assert(Shape<Batch, 28, 28, 1>::batched && !Shape<3, 4>::batched);
static_assert(Shape<Batch, 5>::size(3) == 15 && Shape<4, 5>::size(3) == 20 && Shape<Batch>::size(3) == 3);
static_assert(Shape<Batch, 5>::extents(3) == core::Extents{2, {3, 5}});
static_assert(core::Extents{}.size() == 1 && core::Extents{}.first() == 1 && core::Extents{}.last() == 1);
static_assert(core::Extents{3, {2, 3, 4}}.size() == 24 && core::Extents{3, {2, 3, 4}}.first() == 2);
static_assert(core::Extents{3, {2, 3, 4}}.last() == 4);
static_assert(core::Extents{2, {60000, 60000}}.size() == 3'600'000'000u);  // exceeds int
static_assert(Shape<100000, 100000>::sample_size == 10'000'000'000u);
static_assert(detail::fits(true, {46340, 46341}) && !detail::fits(true, {46341, 46341}));
static_assert(detail::fits(true, {32768, 65535}) && !detail::fits(true, {32768, 65536}));
static_assert(detail::fits(false, {1 << 24, 1 << 23}) && !detail::fits(false, {1 << 24, 1 << 24}));
static_assert(!detail::fits(false, {1 << 30, 1 << 30, 1 << 30, 1 << 30}));  // 0 in 64 bits

std::string text(const core::Extents& extents) {
    std::ostringstream out;
    out << extents;
    return out.str();
}

}  // namespace

TEST_CASE("extents as text", "[core]") {
    CHECK(text(core::Extents{}) == "()");
    CHECK(text(core::Extents{1, {7}}) == "(7)");
    CHECK(text(Shape<Batch, 28, 28, 1>::extents(Batch)) == "(Batch, 28, 28, 1)");
}

TEST_CASE("the text of an error", "[core]") {
    CHECK_THROWS_WITH(fail("matmul", "inner extents must be equal", 3, " and ", 4),
                      "[matmul] inner extents must be equal; got 3 and 4");
    CHECK_THROWS_WITH(fail("Step", "must end"), "[Step] must end");
    CHECK_THROWS_AS(fail("a", "b"), Error);
}

TEST_CASE("an error is one line without control characters", "[core]") {
    for (int byte = 1; byte < 256; ++byte) {
        if (byte == 0xC2) continue;  // printed together with the next byte
        CAPTURE(byte);
        const std::string text = Error("a" + std::string(1, static_cast<char>(byte)) + "b").what();
        const bool printable = byte >= ' ' && byte != 0x7F;  // or part of a UTF-8 sequence
        CHECK(text.size() == (printable ? 3u : 6u));
    }
    CHECK(std::string(Error("\n\x1B[2J \x7F \xC2\x9B \xC3\xA9").what()) ==
          "\\x0A\\x1B[2J \\x7F \\xC2\\x9B \xC3\xA9");
}

}  // namespace gantry::test
