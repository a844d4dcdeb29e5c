#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gantry::test {
namespace {

using Words = core::PhiloxBlock;
// Known answers for philox4x32-10 from Random123 (kat_vectors).
static_assert(core::philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(core::philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
              Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(core::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
// Published values of FNV-1a, 32 bits.
static_assert(RandomStream::hash("") == 0x811c9dc5 && RandomStream::hash("a") == 0xe40c292c &&
              RandomStream::hash("foobar") == 0xbf9cf968);

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
    return sum / static_cast<double>(a.size());
}

}  // namespace

TEST_CASE("a stream consumes whole chunks, and continues from a saved position", "[core]") {
    RandomStream stream(Seed{1}, "noise");
    CHECK(stream.take(1).position == 0);
    CHECK(stream.position == 16);
    CHECK(stream.take(64).position == 16);
    CHECK(stream.position == 32);
    stream.take(65);
    CHECK(stream.position == 64);
    stream.take(0);
    CHECK(stream.position == 64);
    RandomStream again(Seed{1}, "noise");
    again.position = 64;
    CHECK(again == stream);
}

TEST_CASE("streams differ by seed, name and position", "[core]") {
    const RandomStream stream(Seed{1}, "noise");
    CHECK(stream.block(0) != stream.block(1));
    CHECK(stream.block(0) != stream.block(std::uint64_t{1} << 32));
    CHECK(stream.block(0) != RandomStream(Seed{2}, "noise").block(0));
    CHECK(stream.block(0) != RandomStream(Seed{(std::uint64_t{1} << 32) + 1}, "noise").block(0));
    CHECK(stream.block(0) != RandomStream(Seed{1}, "data").block(0));
}

TEMPLATE_TEST_CASE("the first numbers of a stream are the same on every device and never change", "[core]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    RandomStream uniforms(Seed{42}, "noise");
    // Words 0 of the first three blocks, >> 8, * 2^-24.
    std::vector<float> expected;
    for (std::uint64_t i = 0; i < 3; ++i)
        expected.push_back(static_cast<float>(uniforms.block(i)[0] >> 8) * 0x1p-24f);
    auto numbers = uniform<Shape<3>>(device, 0, uniforms, 0, 1).to_host();
    CHECK(numbers == expected);
    CHECK(numbers == std::vector<float>{0.781755924f, 0.518484592f, 0.264990568f});
    RandomStream normals(Seed{42}, "noise");
    CHECK(largest_error(normal<Shape<3>>(device, 0, normals).to_host(),
                        std::vector<double>{0.4654540919, 0.6788222352, -1.032271126}) < 1e-6);
}

TEMPLATE_TEST_CASE("uniform and normal numbers have their moments", "[core]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    constexpr int count = 200'000;
    RandomStream a(Seed{1}, "a"), b(Seed{1}, "b");
    const auto x = normal<Shape<Batch>>(device, count, a).to_host();
    const auto y = normal<Shape<Batch>>(device, count, b).to_host();
    const std::vector<float> ones(count, 1);
    CHECK(std::abs(correlation(x, ones)) < 0.01);    // mean 0; its standard error is 0.0022
    CHECK(std::abs(correlation(x, x) - 1) < 0.015);  // standard error 0.0032
    CHECK(std::abs(correlation(x, y)) < 0.01);       // streams with different names are independent
    const auto u = uniform<Shape<Batch>>(device, count, a, -1, 3).to_host();
    CHECK(std::abs(correlation(u, ones) - 1) < 0.012);  // standard error 0.0026
    for (const float number : u)
        if (!(number >= -1 && number < 3)) FAIL("out of range: " << number);
}

TEMPLATE_TEST_CASE("drawing numbers does not affect other streams", "[core]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto run = [&](bool draw_images) {
        RandomStream data(Seed{1}, "data"), images(Seed{1}, "images");
        static_cast<void>(normal<Shape<Batch, 3>>(device, 5, data));
        if (draw_images) static_cast<void>(normal<Shape<Batch, 3>>(device, 100, images));
        return normal<Shape<Batch, 3>>(device, 5, data).to_host();
    };
    CHECK(run(true) == run(false));
}

}  // namespace gantry::test
