#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gantry {

/// Images as their files hold them: bytes, channels-last.
struct Images {
    std::size_t count = 0;
    int height = 0;
    int width = 0;
    int channels = 0;
    std::vector<std::uint8_t> pixels;  ///< (count, height, width, channels)

    /// Values in one image.
    std::size_t item_size() const {
        return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
               static_cast<std::size_t>(channels);
    }
};

/// A data set for classification, or for a GAN with classes.
struct LabelledImages {
    Images images;
    std::vector<std::uint8_t> labels;  ///< one for each image
};

/// Part of a data set.
enum class Split { train, test };

/// What the bytes 0 and 255 are as numbers in a network: pick what the generator's last layer gives.
enum class PixelRange {
    minus_one_to_one,  ///< byte / 127.5 - 1, for Tanh
    zero_to_one,       ///< byte / 255, for Sigmoid
};

/// A byte of a picture as a number for a network.
template <class T>
constexpr T from_byte(std::uint8_t byte, PixelRange range) {
    return static_cast<T>(range == PixelRange::zero_to_one ? byte / 255.0 : byte / 127.5 - 1);
}

}  // namespace gantry
