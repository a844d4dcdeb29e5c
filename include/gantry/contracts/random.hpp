#pragma once
#include <gantry/core/host_device.hpp>
#include <gantry/core/math.hpp>
#include <gantry/core/random.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace gantry::contracts {

/// Maps 24 random bits k to low + step k, computed in double; rounded to T, the result is uniform in
/// [T(low), T(high)). The step is (high - low) 2^-24, or slightly less if the largest k would round to
/// T(high). It is split into parts of 29 and 24 bits whose products with k are exact, so contraction to an
/// FMA does not change the result.
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
    /// V: double, or a vector of doubles.
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V k) const {
        if constexpr (sizeof(T) < sizeof(double))
            return low_ + step_ * k;  // rest_ is below the precision of T
        else
            return math::evaluated(low_ + step_ * k) + rest_ * k;
    }

private:
    double low_, step_, rest_;
};

/// Uniform numbers: destination[i] = T(m(word >> 8)) with m = UniformMap<T>(low, high), low <= high, and the
/// word of element i of the stream (see RandomStream for its layout). Bitwise identical on every device and
/// with any -ffp-contract.
template <class T>
struct UniformParameters {
    std::size_t size = 0;
    T* destination = nullptr;
    double low = 0, high = 1;
    RandomStream stream;
};

/// Uniform integers: destination[i] = floor(word count / 2^32), in [0, count), with the word of element i of
/// the stream. Bitwise identical on every device.
template <class T>
struct UniformIntegersParameters {
    std::size_t size = 0;
    T* destination = nullptr;
    std::uint32_t count = 1;
    RandomStream stream;

    /// The integer of a word.
    GANTRY_HOST_DEVICE T integer(std::uint32_t word) const {
        return static_cast<T>((std::uint64_t{word} * count) >> 32);
    }
};

/// Normal numbers, by the Box-Muller transform (Box and Muller 1958):
/// destination[i] = mean + deviation * normal. Words 0 and 1 of a Philox block give the normals r cos(a) (for
/// word 0) and r sin(a) (for word 1); words 2 and 3 give two more in the same way:
///   u = ((w0 >> 9) + 0.5) * 2^-23    (exact in float, never 0 or 1)
///   r = sqrt(-2 ln u),    a = 2 pi w1 / 2^32
/// Equal on all devices up to rounding.
template <class T>
struct NormalParameters {
    std::size_t size = 0;
    T* destination = nullptr;
    double mean = 0, deviation = 1;  ///< deviation: the standard deviation
    RandomStream stream;
};

/// Dropout: y[i] = keep[i] ? x[i] * T(1 / keep_probability) : 0, with
/// keep[i] = (word >> 8) 2^-24 < T(keep_probability) and the word of element i of the stream. Bitwise
/// identical on every device, since there is no addition.
template <class T>
struct DropoutParameters {
    std::size_t size = 0;
    const T* x = nullptr;
    T* y = nullptr;
    double keep_probability = 1;
    RandomStream stream;
};

}  // namespace gantry::contracts
