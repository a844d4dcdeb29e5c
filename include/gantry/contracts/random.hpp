#pragma once
#include <gantry/core/host_device.hpp>
#include <gantry/core/math.hpp>
#include <gantry/core/random.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace gantry {

/// Maps 24 random bits k to low + step k, in double: rounded to T, it is uniform in [T(low), T(high)). The
/// step is (high - low) 2^-24, or less where the largest k would be rounded to T(high). It is in two parts,
/// of 29 and 24 bits, so that their products with k are exact, and a compiler that contracts a product and a
/// sum to an FMA changes no bits.
template <class T>
class UniformMap {
public:
    UniformMap(double low, double high) : low_(low) {
        constexpr double largest = 0xFFFFFF;
        double step = (high - low) * 0x1p-24;
        if (const T begin = static_cast<T>(low), end = static_cast<T>(high); begin < end) {
            const double last = static_cast<double>(std::nextafter(end, begin));
            step = std::min(step, (last - low) / largest);
        }
        step_ = std::bit_cast<double>(std::bit_cast<std::uint64_t>(step) & ~std::uint64_t{0xFFFFFF});
        rest_ = step - step_;
    }
    /// V is double, or a vector of them.
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V k) const {
        if constexpr (sizeof(T) < sizeof(double))
            return low_ + step_ * k;  // the rest is too small to matter
        else
            return math::evaluated(low_ + step_ * k) + rest_ * k;
    }

private:
    double low_, step_, rest_;
};

/// destination[i] = T(m(word >> 8)), where m = UniformMap<T>(low, high), low <= high, and the word is that of
/// element i of the stream (for its layout, see RandomStream). The same bits on every device and with any
/// -ffp-contract.
template <class T>
struct UniformParameters {
    std::size_t size = 0;
    T* destination = nullptr;
    double low = 0, high = 1;
    RandomStream stream;
};

/// destination[i] = mean + deviation * normal, by Box and Muller (1958): words 0 and 1 of a block give
/// r cos(a) (number of word 0) and r sin(a) (number of word 1), with u = ((w0 >> 9) + 0.5) * 2^-23 (exact in
/// float, never 0 or 1), r =
/// sqrt(-2 ln u), a = 2 pi w1 / 2^32; words 2 and 3 likewise. Equal on all devices up to rounding.
template <class T>
struct NormalParameters {
    std::size_t size = 0;
    T* destination = nullptr;
    double mean = 0, deviation = 1;
    RandomStream stream;
};

/// y[i] = keep[i] ? x[i] * T(1 / keep_probability) : 0, where keep[i] = (word >> 8) 2^-24 <
/// T(keep_probability) and the word is that of element i of the stream. The same bits on every device:
/// nothing is added.
template <class T>
struct DropoutParameters {
    std::size_t size = 0;
    const T* x = nullptr;
    T* y = nullptr;
    double keep_probability = 1;
    RandomStream stream;
};

}  // namespace gantry
