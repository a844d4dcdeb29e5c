#pragma once
#include <gantry/core/random.hpp>
#include <gantry/cpu/device.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace gantry::test {

/// n random values in [low, high), different for each `name`.
template <class T>
std::vector<T> random_numbers(std::size_t n, std::string_view name, double low = -1, double high = 1) {
    const RandomStream stream(Seed{7}, name);
    std::vector<T> result(n);
    for (std::size_t i = 0; i < n; ++i)
        result[i] = static_cast<T>(low + (high - low) * stream.block(i)[0] * 0x1p-32);
    return result;
}

/// True if both have the same bits (NaN equals NaN, 0 does not equal -0).
template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// The largest |a[i] - b[i]| / (1 + |b[i]|); NaN counts as infinite.
template <class T, class U>
double largest_error(const std::vector<T>& a, const std::vector<U>& b) {
    double largest = a.size() == b.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
        const double expected = static_cast<double>(b[i]);
        const double error = std::abs(static_cast<double>(a[i]) - expected) / (1 + std::abs(expected));
        largest = error <= largest ? largest : std::isnan(error) ? INFINITY : error;
    }
    return largest;
}

/// Covers the rounding errors of a few hundred operations.
template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 2e-6 : 1e-13;

/// True if f(device), a vector, has the same bits with 1, 2 and 3 threads.
template <class F>
bool independent_of_threads(const F& f) {
    Cpu one{{.threads = 1}}, two{{.threads = 2}}, three{{.threads = 3}};
    const auto expected = f(one);
    return same_bits(f(two), expected) && same_bits(f(three), expected);
}

}  // namespace gantry::test
