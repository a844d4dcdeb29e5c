#pragma once
#include <gantry/core/host_device.hpp>

#include <cstdint>

namespace gantry {

/// Range that 8-bit pixel values are scaled to. It must match the generator's output activation.
enum class PixelRange {
    minus_one_to_one,  ///< (2 byte - 255) / 255, for Tanh
    zero_to_one,       ///< byte / 255, for Sigmoid
};

namespace core {
/// Scales an 8-bit pixel value to `range`. Correctly rounded, hence identical on every device.
template <class T>
GANTRY_HOST_DEVICE constexpr T from_byte(std::uint8_t byte, PixelRange range) {
    return static_cast<T>(range == PixelRange::zero_to_one ? byte : 2 * byte - 255) / static_cast<T>(255);
}
}  // namespace core

}  // namespace gantry
