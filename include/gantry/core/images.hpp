#pragma once
#include <gantry/core/pixel_range.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gantry {

/// Images as stored in a data set: 8-bit values, channels-last (NHWC).
struct Images {
    std::size_t count = 0;             ///< number of images
    int height = 0;                    ///< of each image, in pixels
    int width = 0;                     ///< of each image, in pixels
    int channels = 0;                  ///< values per pixel
    std::vector<std::uint8_t> pixels;  ///< (count, height, width, channels)

    /// Values per image: height * width * channels.
    std::size_t sample_size() const {
        return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
               static_cast<std::size_t>(channels);
    }
};

/// Images with class labels, for classification or a conditional GAN.
struct LabelledImages {
    Images images;                     ///< the images
    std::vector<std::int32_t> labels;  ///< one per image
};

/// Part of a data set.
enum class Split { train, test };

}  // namespace gantry
