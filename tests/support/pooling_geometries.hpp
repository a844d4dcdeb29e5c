#pragma once
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/contracts/pooling.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace gantry::test {

struct ImageExtents {
    int height, width;
    std::size_t channels;
};

/// Calls f(geometry) for every fitting pair of a window and image extents, those below and `more`, with
/// `images` images.
template <class F>
void for_pooling_geometries(std::size_t images, std::initializer_list<ImageExtents> more, const F& f) {
    const Pool2dOptions windows[] = {
        {.size = 1},
        {.size = 2},
        {.size = {2, 3}},
        {.size = 3, .stride = 2, .padding = 1},
        {.size = {4, 2}, .stride = {1, 2}, .padding = {2, 0}},
        {.size = {1, 2}, .stride = {3, 4}},                // pixels between windows
        {.size = {5, 7}, .stride = 3, .padding = {1, 3}},  // wider than the narrowest image
    };
    std::vector<ImageExtents> extents{{7, 5, 1}, {6, 8, 3}, {5, 11, 16}, {9, 4, 17}};
    extents.insert(extents.end(), more.begin(), more.end());
    for (const Pool2dOptions& w : windows)
        for (const ImageExtents& e : extents) {
            const auto places = gantry::core::window_places;
            const contracts::PoolingGeometry g{
                images,
                e.channels,
                e.height,
                e.width,
                places(e.height, w.size.vertical, w.stride.vertical, w.padding.vertical),
                places(e.width, w.size.horizontal, w.stride.horizontal, w.padding.horizontal),
                w};
            if (g.pooled_height == 0 || g.pooled_width == 0) continue;
            CAPTURE(g.height, g.width, g.channels, g.pooled_height, g.pooled_width);
            f(g);
        }
}

inline std::size_t whole_size(const contracts::PoolingGeometry& g) {
    return g.images * static_cast<std::size_t>(g.height * g.width) * g.channels;
}
inline std::size_t pooled_size(const contracts::PoolingGeometry& g) {
    return g.images * static_cast<std::size_t>(g.pooled_height * g.pooled_width) * g.channels;
}
inline contracts::SwitchedImages switched(const contracts::PoolingGeometry& g, const std::int32_t* switches) {
    return {g.images, static_cast<std::size_t>(g.height * g.width),
            static_cast<std::size_t>(g.pooled_height * g.pooled_width), g.channels, switches};
}

/// Full-size images with many equal values and some NaNs.
template <class T>
std::vector<T> coarse_images(std::size_t size) {
    auto numbers = random_numbers<T>(size, "images", -4, 4);
    for (T& x : numbers) x = x > T(3.5) ? T(NAN) : std::floor(x);
    return numbers;
}

}  // namespace gantry::test
