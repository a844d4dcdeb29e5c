#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/cpu/random.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

using namespace gantry;
using namespace gantry::test;

namespace {

using Counter = core::PhiloxBlock;
using Key = core::PhiloxKey;

Counter vector_philox(Counter counter, Key key, std::size_t lane) {
    const auto words = cpu::detail::philox(
        {cpu::splat(counter[0]), cpu::splat(counter[1]), cpu::splat(counter[2]), cpu::splat(counter[3])},
        key);
    return {words[0][lane], words[1][lane], words[2][lane], words[3][lane]};
}

/// Element i of a stream as defined in core/random.hpp.
std::uint32_t word(const RandomStream& stream, std::size_t i) {
    return stream.block(stream.position + i / 64 * 16 + i % 16)[i % 64 / 16];
}

template <class T>
std::vector<T> normals(Cpu& device, std::size_t n, const RandomStream& stream, double mean,
                       double deviation) {
    std::vector<T> result(n, T(NAN));
    launch(device, contracts::NormalParameters<T>{n, result.data(), mean, deviation, stream});
    return result;
}

}  // namespace

TEST_CASE("Philox4x32-10: known answers, scalar and in every lane") {
    constexpr std::uint32_t ones = 0xffffffff;
    const struct {
        Counter counter;
        Key key;
        Counter answer;
    } known[] = {{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
                 {{ones, ones, ones, ones}, {ones, ones}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
                 {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                  {0xa4093822, 0x299f31d0},
                  {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
    for (const auto& [counter, key, answer] : known) {
        CHECK(core::philox(counter, key) == answer);
        for (std::size_t lane = 0; lane < cpu::lanes<std::uint32_t>; ++lane)
            CHECK(vector_philox(counter, key, lane) == answer);
    }
}

TEMPLATE_TEST_CASE("uniform numbers have the layout of RandomStream", "[threads]", float, double) {
    using T = TestType;
    RandomStream stream(Seed{0x123456789abcdef}, "noise");
    for (const std::uint64_t position :
         {std::uint64_t{0}, std::uint64_t{0xfffffff0}, std::uint64_t{0xfffffff9}})
        for (const std::size_t n : {0u, 1u, 63u, 64u, 65u, 20011u}) {
            stream.position = position;
            std::vector<T> expected(n);
            for (std::size_t i = 0; i < n; ++i)
                expected[i] = static_cast<T>(word(stream, i) >> 8) * static_cast<T>(0x1p-24);
            const auto run = [&](Cpu& device) {
                std::vector<T> y(n, T(NAN));
                launch(device, contracts::UniformParameters<T>{n, y.data(), 0, 1, stream});
                return y;
            };
            Cpu device;
            CAPTURE(position, n);
            CHECK(same_bits(run(device), expected));
            CHECK(independent_of_threads(run));
        }
}

TEMPLATE_TEST_CASE("uniform numbers are in [low, high), and accurate to an ulp", "", float, double) {
    using T = TestType;
    const struct {
        double low, high;
    } ranges[] = {{-std::sqrt(3.), std::sqrt(3.)},
                  {0.1, 1000.1},
                  {1, 2},  // 2 - 2^-24 rounds to 2 in float
                  {1, 1 + 0x1p-22},
                  {1, 1 + 0x1p-23},
                  {-2, -1},
                  {0, 1e-30},
                  {-3e38, 3e38},
                  {0.1, 0.1},
                  {0.1, 0.1 + 1e-12}};
    constexpr std::uint32_t largest = 0xffffff;
    for (const auto& [low, high] : ranges) {
        CAPTURE(low, high);
        const contracts::UniformMap<T> map(low, high);
        const T first = static_cast<T>(low),
                last = std::max(first, std::nextafter(static_cast<T>(high), first));
        CHECK(static_cast<T>(map(0.)) == first);
        CHECK(static_cast<T>(map(double{largest})) <= last);
        const RandomStream stream(Seed{5}, "ranges");
        const std::size_t n = 1000;
        std::vector<T> y(n);
        Cpu device;
        launch(device, contracts::UniformParameters<T>{n, y.data(), low, high, stream});
        for (std::size_t i = 0; i < n; ++i) {
            const double u = (word(stream, i) >> 8) * 0x1p-24, exact = low + (high - low) * u;
            const double ulp = std::nextafter(std::abs(y[i]), T(INFINITY)) - std::abs(y[i]);
            const double shift = std::min(ulp, (high - low) * 0x1p-24);  // by which a step was lowered
            const double cut = (std::abs(low) + std::abs(high)) * (sizeof(T) == 4 ? 0x1p-28 : 0x1p-51);
            REQUIRE(y[i] == static_cast<T>(map(static_cast<double>(word(stream, i) >> 8))));
            REQUIRE(std::abs(y[i] - exact) <= ulp + shift + cut);
            REQUIRE((y[i] >= first && y[i] <= last));
        }
    }
}

TEMPLATE_TEST_CASE("UniformMap: an FMA changes no bits", "", float, double) {
    using T = TestType;
    const double low = -std::sqrt(3.), high = std::sqrt(3.);
    const contracts::UniformMap<T> map(low, high);
    // The high and low parts of the step, as in UniformMap.
    const double step = (high - low) * 0x1p-24;
    const double head = std::bit_cast<double>(std::bit_cast<std::uint64_t>(step) >> 24 << 24);
    const double rest = sizeof(T) == sizeof(double) ? step - head : 0;
    for (std::uint32_t i = 0; i < 1 << 14; ++i) {
        const double k = (i * 0x9E3779B9u) >> 8;
        const volatile double products[] = {head * k, rest * k};
        const volatile double sum = low + products[0];
        REQUIRE(map(k) == sum + products[1]);
        REQUIRE(map(k) == std::fma(rest, k, std::fma(head, k, low)));
    }
}

TEMPLATE_TEST_CASE("uniform numbers: known answers", "", float, double) {
    // Computed with exact fractions in Python.
    using T = TestType;
    const RandomStream stream(Seed{7}, "known");
    constexpr bool single = sizeof(T) == 4;
    const struct {
        double low, high;
        double answers[4];  // elements 0, 1, 17 and 100
    } known[] = {
        {-std::sqrt(3.),
         std::sqrt(3.),
         {single ? 0x1.0b4740p+0 : 0x1.0b473f0f7cf76p+0, single ? 0x1.3df93ep-1 : 0x1.3df93ef543175p-1,
          single ? 0x1.282fa2p+0 : 0x1.282fa2e9cec5cp+0, single ? -0x1.eb1764p-4 : -0x1.eb17646f468b4p-4}},
        {1. / 3,
         1000.1,
         {single ? 0x1.90c508p+9 : 0x1.90c5083ea6667p+9, single ? 0x1.53ba26p+9 : 0x1.53ba25e491111p+9,
          single ? 0x1.a11088p+9 : 0x1.a110894e3bbbcp+9, single ? 0x1.d19d2ap+8 : 0x1.d19d2ad1d5555p+8}}};
    Cpu device;
    for (const auto& [low, high, answers] : known) {
        std::vector<T> y(101);
        launch(device, contracts::UniformParameters<T>{y.size(), y.data(), low, high, stream});
        CHECK(same_bits<T>({y[0], y[1], y[17], y[100]},
                           {static_cast<T>(answers[0]), static_cast<T>(answers[1]),
                            static_cast<T>(answers[2]), static_cast<T>(answers[3])}));
    }
}

TEMPLATE_TEST_CASE("normal numbers: Box and Muller's transform", "[threads]", float, double) {
    using T = TestType;
    const RandomStream stream(Seed{3}, "latent");
    Cpu device;
    for (const std::size_t n : {0u, 1u, 17u, 64u, 100u, 20011u}) {
        std::vector<double> expected(n);
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t first = i % 32 < 16 ? i : i - 16;
            const double u = ((word(stream, first) >> 9) + 0.5) * 0x1p-23;
            const double angle = 2 * std::numbers::pi * word(stream, first + 16) * 0x1p-32;
            const double r = std::sqrt(-2 * std::log(u));
            expected[i] = 2 + 3 * r * (i % 32 < 16 ? std::cos(angle) : std::sin(angle));
        }
        CAPTURE(n);
        CHECK(largest_error(normals<T>(device, n, stream, 2, 3), expected) < 5 * tolerance<T>);
        CHECK(independent_of_threads([&](Cpu& d) { return normals<T>(d, n, stream, 2, 3); }));
    }
}

TEMPLATE_TEST_CASE("moments of normal numbers", "", float, double) {
    using T = TestType;
    Cpu device;
    const std::size_t n = 1 << 20;
    double moments[4] = {}, product = 0;
    const std::vector<T> x = normals<T>(device, n, RandomStream(Seed{11}, "moments"), 0, 1);
    for (std::size_t i = 0; i < n; ++i) {
        const double v = static_cast<double>(x[i]);
        for (int k = 0; k < 4; ++k) moments[k] += std::pow(v, k + 1) / n;
        product += v * static_cast<double>(x[(i + 16) % n]) / n;
    }
    const double unit = 1 / std::sqrt(n);  // tests use four standard errors: sqrt of 1, 2, 15, 96
    CHECK(std::abs(moments[0]) < 4 * unit);
    CHECK(std::abs(moments[1] - 1) < 4 * 1.41 * unit);
    CHECK(std::abs(moments[2]) < 4 * 3.87 * unit);
    CHECK(std::abs(moments[3] - 3) < 4 * 9.8 * unit);
    CHECK(std::abs(product) < 4 * unit);
}

TEMPLATE_TEST_CASE("dropout keeps by the stream's uniform numbers", "[threads]", float, double) {
    using T = TestType;
    const RandomStream stream(Seed{3}, "dropout");
    for (const std::size_t n : {0u, 1u, 17u, 100u, 20011u})
        for (const double keep : {0.25, 1.0}) {
            std::vector<T> x = random_numbers<T>(n, "x");
            if (n > 0) x[0] = T(INFINITY);
            std::vector<T> expected(n);
            for (std::size_t i = 0; i < n; ++i)
                expected[i] = (word(stream, i) >> 8) * 0x1p-24 < keep ? x[i] * T(1 / keep) : T{0};
            const auto run = [&](Cpu& device) {
                std::vector<T> y(n, T(NAN));
                launch(device, contracts::DropoutParameters<T>{n, x.data(), y.data(), keep, stream});
                return y;
            };
            Cpu device;
            CAPTURE(n, keep);
            CHECK(same_bits(run(device), expected));
            CHECK(independent_of_threads(run));
        }
}
