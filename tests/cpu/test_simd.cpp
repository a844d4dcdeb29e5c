#include <gantry/core/math.hpp>
#include <gantry/cpu/simd/simd.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include <support/catch.hpp>

namespace cpu = gantry::cpu;
using cpu::lanes;
using cpu::Vector;

static_assert(std::is_same_v<cpu::Element<Vector<float>>, float>);
static_assert(std::is_same_v<cpu::Element<Vector<std::int64_t>>, std::int64_t>);
static_assert(std::is_same_v<cpu::Element<double>, double>);
static_assert(sizeof(Vector<float>) == sizeof(Vector<double>));

namespace {

template <class T>
std::array<T, 3 * lanes<T>> numbers() {
    std::array<T, 3 * lanes<T>> x;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i * i % 61 + 1);
    return x;
}

}  // namespace

TEMPLATE_TEST_CASE("A vector is loaded from and stored to any address", "[simd]", float, double, std::int32_t,
                   std::uint64_t) {
    using T = TestType;
    const auto x = numbers<T>();
    auto y = x;
    const Vector<T> v = cpu::load(x.data() + 1);
    cpu::store(y.data() + 2, v);
    for (std::size_t i = 0; i < y.size(); ++i) {
        CAPTURE(i);
        CHECK(y[i] == (i < 2 || i >= 2 + lanes<T> ? x[i] : x[i - 1]));
    }
}

TEMPLATE_TEST_CASE("Loading and storing a part of a vector accesses no other memory", "[simd]", float,
                   double) {
    using T = TestType;
    const auto x = numbers<T>();
    for (std::size_t count = 0; count <= lanes<T>; ++count) {
        CAPTURE(count);
        // Arrays of exactly `count` elements: AddressSanitizer detects any access beyond them.
        const std::unique_ptr<T[]> from(new T[count]), to(new T[count]);
        for (std::size_t i = 0; i < count; ++i) from[i] = x[i];
        const Vector<T> v = cpu::load_partial(from.get(), count);
        for (std::size_t i = 0; i < lanes<T>; ++i) CHECK(v[i] == (i < count ? x[i] : T{0}));
        cpu::store_partial(to.get(), count, cpu::load(x.data()));
        for (std::size_t i = 0; i < count; ++i) CHECK(to[i] == x[i]);
    }
}

TEMPLATE_TEST_CASE("Half a vector is loaded from and stored to any address", "[simd]", float, double) {
    using T = TestType;
    const auto x = numbers<T>();
    auto y = x;
    cpu::store_half(y.data() + 2, cpu::load_half(x.data() + 1) + cpu::load_half(x.data()));
    for (std::size_t i = 0; i < y.size(); ++i) {
        CAPTURE(i);
        CHECK(y[i] == (i >= 2 && i < 2 + lanes<T> / 2 ? x[i - 1] + x[i - 2] : x[i]));
    }
}

TEMPLATE_TEST_CASE("Lanes are broadcast, selected, masked and summed", "[simd]", float, double) {
    using T = TestType;
    const auto x = numbers<T>();
    Vector<T> v = cpu::load(x.data());
    cpu::keep_in_register(v);
    const Vector<T> limited = gantry::math::select(v > T{20}, cpu::splat(T{20}), v);
    T sum = 0;
    for (std::size_t i = 0; i < lanes<T>; ++i) {
        CHECK(limited[i] == (x[i] > 20 ? 20 : x[i]));
        sum += x[i];
    }
    CHECK(cpu::sum_lanes(v) == sum);  // exact: small integers
    CHECK(std::signbit(cpu::splat(T{-0.0})[lanes<T> - 1]));
}

TEMPLATE_TEST_CASE("A square of vectors is transposed", "[simd]", float, double) {
    using T = TestType;
    Vector<T> rows[lanes<T>];
    for (std::size_t i = 0; i < lanes<T>; ++i)
        for (std::size_t j = 0; j < lanes<T>; ++j) rows[i][j] = static_cast<T>(100 * i + j);
    cpu::transpose(rows);
    for (std::size_t i = 0; i < lanes<T>; ++i)
        for (std::size_t j = 0; j < lanes<T>; ++j) CHECK(rows[i][j] == static_cast<T>(100 * j + i));
}

TEMPLATE_TEST_CASE("The lanes of a square of vectors are summed", "[simd]", float, double) {
    using T = TestType;
    Vector<T> rows[lanes<T>], sums;
    for (std::size_t i = 0; i < lanes<T>; ++i) {
        for (std::size_t j = 0; j < lanes<T>; ++j)
            rows[i][j] = static_cast<T>(1.0 / static_cast<double>(3 * i + j * j + 1));
        sums[i] = cpu::sum_lanes(rows[i]);
    }
    const Vector<T> result = cpu::sum_rows(rows);
    for (std::size_t i = 0; i < lanes<T>; ++i) CHECK(result[i] == sums[i]);
}

TEST_CASE("static_for counts in constants", "[simd]") {
    std::array<std::size_t, 5> seen = {};
    cpu::static_for<5>([&](auto i) { std::get<i>(seen) = i + 1; });
    CHECK(seen == std::array<std::size_t, 5>{1, 2, 3, 4, 5});
}
