#pragma once
#include <gantry/core/pixel_range.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace gantry::contracts {

/// Gathers samples of a data set of 8-bit values and converts them: y[i] = from_byte(x[items[i]]). The
/// indices are passed as launch arguments, which avoids a copy from the host to the GPU.
template <class T>
struct GatherSamplesParameters {
    static constexpr std::size_t most = 256;  ///< samples per launch: kernel arguments are limited to 4 KiB
    std::size_t count = 0, sample_size = 0;
    const std::uint8_t* x = nullptr;  ///< (samples in the data set, sample_size)
    T* y = nullptr;                   ///< (count, sample_size)
    PixelRange range = PixelRange::minus_one_to_one;
    std::array<std::uint32_t, most> samples = {};  ///< indices of the samples; the first `count` are used
};

/// Gathers scalars into a contiguous array: y[i] = *from[i].
template <class T>
struct GatherScalarsParameters {
    static constexpr std::size_t most = 8;  ///< scalars per launch
    std::size_t count = 0;
    std::array<const T*, most> from = {};
    T* y = nullptr;
};

}  // namespace gantry::contracts
