#pragma once
#include <gantry/core/images.hpp>
#include <gantry/io/image.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gantry::program {

/// Rows and columns of a run's image sheets.
inline constexpr int sheet_side = 8;

/// Layout of these images on a sheet; images lower than 48 pixels are enlarged twofold. `range` is that of
/// the values.
inline io::GridOptions sheet_options(const Images& images, PixelRange range) {
    return {.columns = sheet_side, .scale = images.height < 48 ? 2 : 1, .range = range};
}

/// A sheet of images spread evenly over the data set: what the networks learn from.
inline io::Image sheet_of(const Images& images) {
    const std::size_t shown = std::min<std::size_t>(images.count, sheet_side * sheet_side);
    std::vector<float> values;
    for (std::size_t i = 0; i < shown; ++i) {
        const std::size_t image = i * images.count / shown;
        for (std::size_t j = 0; j < images.sample_size(); ++j)
            values.push_back(core::from_byte<float>(images.pixels[image * images.sample_size() + j],
                                                    PixelRange::zero_to_one));
    }
    return grid(values, images.height, images.width, images.channels,
                sheet_options(images, PixelRange::zero_to_one));
}

}  // namespace gantry::program
