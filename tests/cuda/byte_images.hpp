#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gantry::test {

/// A data set of 50 images of 6 bytes.
inline std::vector<std::uint8_t> byte_images() {
    std::vector<std::uint8_t> pixels(50 * 6);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 37);
    return pixels;
}

}  // namespace gantry::test
