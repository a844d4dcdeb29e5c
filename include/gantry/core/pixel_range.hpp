#pragma once
#include <gantry/core/host_device.hpp>

#include <cstdint>

namespace gantry {

/// What the bytes 0 and 255 are as numbers in a network: pick what the generator's last layer gives.
enum class PixelRange {
    minus_one_to_one,  ///< (2 byte - 255) / 255, for Tanh
    zero_to_one,       ///< byte / 255, for Sigmoid
};

/// A byte of a picture as a number for a network: the T next to the exact value, on every device.
template <class T>
GANTRY_HOST_DEVICE constexpr T from_byte(std::uint8_t byte, PixelRange range) {
    return static_cast<T>(range == PixelRange::zero_to_one ? byte : 2 * byte - 255) / static_cast<T>(255);
}

}  // namespace gantry
