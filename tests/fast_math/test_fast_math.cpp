// Compiled and linked with -Ofast, as some programs are: the compiler may reorder sums, assumes that there
// are no infinities or NaNs, and flushes subnormal numbers to 0.
#include <gantry/core/math.hpp>
#include <gantry/cpu/batch_norm.hpp>
#include <gantry/cpu/random.hpp>
#include <gantry/cpu/simd/activation.hpp>
#include <gantry/cpu/softmax.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <support/catch.hpp>

using namespace gantry;

namespace {

using V = cpu::Vector<float>;

/// Hides a value from the optimiser, in memory.
template <class T>
T opaque(T x) {
    volatile T y = x;
    return y;
}
constexpr std::uint32_t infinity_bits = 0x7f800000, nan_bits = 0x7fc00000, sign_bit = 0x80000000;

template <class F>
std::uint32_t bits_at(const F& f, std::uint32_t x) {
    alignas(cpu::vector_bytes) float y[cpu::lanes<float>];
    cpu::store(y, V(f(cpu::splat(std::bit_cast<float>(opaque(x))))));
    return std::bit_cast<std::uint32_t>(opaque(y[0]));
}
bool is_nan(std::uint32_t bits) { return (bits & ~sign_bit) > infinity_bits; }

/// The largest relative error of f.
template <class F, class Expected>
double largest_error(const F& f, const Expected& expected, double low, double high) {
    double largest = 0;
    for (int i = 0; i <= 100000; ++i) {
        const float x = opaque(static_cast<float>(low + (high - low) * i / 100000));
        const double right = expected(static_cast<double>(x)),
                     got = static_cast<double>(V(f(cpu::splat(x)))[0]);
        largest = std::max(largest, std::abs(got - right) / std::max(std::abs(right), 1e-30));
    }
    return largest;
}

}  // namespace

TEST_CASE("with -Ofast: vector functions are correct") {
    CHECK(largest_error([](V x) { return math::exp(x); }, [](double x) { return std::exp(x); }, -80, 88) <
          3e-7);
    CHECK(largest_error([](V x) { return math::expm1(x); }, [](double x) { return std::expm1(x); }, -20, 88) <
          3e-7);
    CHECK(largest_error([](V x) { return math::tanh(x); }, [](double x) { return std::tanh(x); }, -12, 12) <
          5e-7);
    CHECK(largest_error([](V x) { return math::sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); },
                        -60, 30) < 5e-7);
    CHECK(largest_error([](V x) { return math::softplus(x); },
                        [](double x) { return std::max(x, 0.) + std::log1p(std::exp(-std::abs(x))); }, -60,
                        60) < 5e-7);
    CHECK(largest_error([](V x) { return math::log(x); }, [](double x) { return std::log(x); }, 1.5, 1e9) <
          3e-7);
    CHECK(largest_error([](V x) { return math::log(x); }, [](double x) { return std::log(x); }, 1e-6, 0.5) <
          3e-7);
}

TEST_CASE("with -Ofast: limits, infinity and NaN") {
    const auto exp = [](V x) { return math::exp(x); };
    const auto expm1 = [](V x) { return math::expm1(x); };
    const auto tanh = [](V x) { return math::tanh(x); };
    const auto log = [](V x) { return math::log(x); };
    const auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
    CHECK(bits_at(exp, bits(1000)) == infinity_bits);
    CHECK(bits_at(exp, bits(-1000)) == 0);
    CHECK(bits_at(exp, infinity_bits) == infinity_bits);
    CHECK(bits_at(exp, infinity_bits | sign_bit) == 0);
    CHECK(bits_at(expm1, infinity_bits | sign_bit) == bits(-1));
    CHECK(bits_at(tanh, infinity_bits) == bits(1));
    CHECK(bits_at(tanh, infinity_bits | sign_bit) == bits(-1));
    CHECK(bits_at(tanh, sign_bit) == sign_bit);  // -0
    CHECK(bits_at(log, 0) == (infinity_bits | sign_bit));
    CHECK(bits_at(log, sign_bit) == (infinity_bits | sign_bit));
    CHECK(bits_at(log, infinity_bits) == infinity_bits);
    CHECK(is_nan(bits_at(log, bits(-1))));
    CHECK(is_nan(bits_at(exp, nan_bits)));
    CHECK(is_nan(bits_at(expm1, nan_bits)));
    CHECK(is_nan(bits_at(tanh, nan_bits)));
    CHECK(is_nan(bits_at(log, nan_bits)));
    CHECK(is_nan(bits_at([](V x) { return math::max(x, cpu::splat(1.f)); }, nan_bits)));
    CHECK(is_nan(bits_at([](V x) { return math::min(x, cpu::splat(1.f)); }, nan_bits)));

    const float not_finite[] = {std::bit_cast<float>(opaque(infinity_bits)),
                                std::bit_cast<float>(opaque(nan_bits))};
    for (const float x : not_finite) {
        CHECK(!math::is_finite(x));
        CHECK(!math::is_finite(static_cast<double>(opaque(x))));
    }
    CHECK(math::is_finite(opaque(3e38f)));
    CHECK(math::is_nan(not_finite[1]));
    CHECK(!math::is_nan(not_finite[0]));
}

TEST_CASE("with -Ofast: softmax of rows of every length") {
    Cpu device;
    for (std::size_t columns = 1; columns < 40; ++columns) {
        std::vector<float> x(columns), y(columns);
        double sum = 0;
        for (std::size_t i = 0; i < columns; ++i)
            sum += std::exp(static_cast<double>(x[i] = opaque(0.25f * static_cast<float>(i))));
        launch(device, contracts::SoftmaxParameters<float>{1, columns, x.data(), y.data()});
        for (std::size_t i = 0; i < columns; ++i)
            CHECK(static_cast<double>(y[i]) ==
                  Approx(std::exp(static_cast<double>(x[i])) / sum).epsilon(1e-5));
    }
}

TEST_CASE("with -Ofast: batch norm keeps its precision far from 0") {
    constexpr std::size_t rows = 64, columns = 20;
    std::vector<float> x(rows * columns), y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = opaque(1e6f + static_cast<float>(i * 7 % 16));
    std::vector<float> scale(columns, 1), shift(columns, 0), mean(columns), rstd(columns);
    contracts::BatchNormParameters<float> p{};
    p.rows = rows;
    p.columns = columns;
    p.x = x.data();
    p.y = y.data();
    p.scale = scale.data();
    p.shift = shift.data();
    p.mean = mean.data();
    p.rstd = rstd.data();
    Cpu device;
    launch(device, p);
    for (std::size_t c = 0; c < columns; ++c) {
        double exact_mean = 0, variance = 0;
        for (std::size_t r = 0; r < rows; ++r) exact_mean += static_cast<double>(x[r * columns + c]) / rows;
        for (std::size_t r = 0; r < rows; ++r)
            variance += std::pow(static_cast<double>(x[r * columns + c]) - exact_mean, 2) / rows;
        CHECK(static_cast<double>(rstd[c]) == Approx(1 / std::sqrt(variance)).epsilon(1e-2));
    }
}

TEST_CASE("with -Ofast: random numbers are within their range, and normal ones are normal") {
    Cpu device;
    std::vector<double> uniform(100000);
    launch(device, contracts::UniformParameters<double>{uniform.size(), uniform.data(), -1, 1,
                                                        RandomStream(Seed{1}, "a")});
    for (const double x : uniform) REQUIRE((x >= -1 && x < 1));
    // The largest word gives the largest value below the upper bound.
    CHECK(contracts::UniformMap<double>(-1, 1)(opaque(double{0xFFFFFF})) < 1);
    CHECK(contracts::UniformMap<double>(0.1, 0.7)(opaque(double{0xFFFFFF})) < 0.7);

    std::vector<float> normal(100000);
    launch(device, contracts::NormalParameters<float>{normal.size(), normal.data(), 2, 3,
                                                      RandomStream(Seed{1}, "b")});
    double sum = 0, squares = 0;
    for (const float x : normal)
        sum += static_cast<double>(x), squares += static_cast<double>(x) * static_cast<double>(x);
    const double mean = sum / 1e5;
    CHECK(mean == Approx(2).margin(0.05));
    CHECK(squares / 1e5 - mean * mean == Approx(9).margin(0.2));
}
