#pragma once
#include <gantry/core/random.hpp>

#include <cstddef>

namespace gantry {

/// destination[i] = low + (high - low) u, with u = (word >> 8) * 2^-24 in [0, 1) from number i of the stream
/// (its layout: RandomStream). The same values on every device.
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

/// y[i] = keep[i] ? x[i] / keep_probability : 0, where keep[i] = u[i] < keep_probability and u as in
/// UniformParameters.
template <class T>
struct DropoutParameters {
    std::size_t size = 0;
    const T* x = nullptr;
    T* y = nullptr;
    double keep_probability = 1;
    RandomStream stream;
};

}  // namespace gantry
