#pragma once
#include <gantry/core/pixel_range.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace gantry {

/// Some items of a data set of bytes as numbers: y[i] = from_byte(x[items[i]]), item by item. The item
/// numbers are arguments of the launch, so that nothing is copied from the host to a GPU.
template <class T>
struct GatherSamplesParameters {
    static constexpr std::size_t most = 256;  ///< items in a launch: its arguments must fit into 4 KiB
    std::size_t count = 0, sample_size = 0;
    const std::uint8_t* x = nullptr;  ///< (data set, sample_size)
    T* y = nullptr;                   ///< (count, sample_size)
    PixelRange range = PixelRange::minus_one_to_one;
    std::array<std::uint32_t, most> items = {};
};

/// Numbers from anywhere, side by side: y[i] = *from[i].
template <class T>
struct GatherNumbersParameters {
    static constexpr std::size_t most = 8;
    std::size_t count = 0;
    std::array<const T*, most> from = {};
    T* y = nullptr;
};

}  // namespace gantry
