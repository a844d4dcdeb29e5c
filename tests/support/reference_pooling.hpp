#pragma once
#include <gantry/contracts/pooling.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gantry {

namespace reference {

/// Calls f(index into whole, index into pooled, pixel of whole) for each element of whole inside the window
/// of each element of pooled.
template <class F>
void each_in_window(const contracts::PoolingGeometry& g, const F& f) {
    const auto [size, stride, padding] = g.window;
    for (std::size_t n = 0; n < g.images; ++n)
        for (int ph = 0; ph < g.pooled_height; ++ph)
            for (int pw = 0; pw < g.pooled_width; ++pw)
                for (int i = 0; i < size.vertical; ++i)
                    for (int j = 0; j < size.horizontal; ++j) {
                        const int h = ph * stride.vertical - padding.vertical + i;
                        const int w = pw * stride.horizontal - padding.horizontal + j;
                        if (h < 0 || h >= g.height || w < 0 || w >= g.width) continue;
                        const auto pixel = std::size_t(h * g.width + w);
                        const auto whole = n * std::size_t(g.height * g.width) + pixel;
                        const auto pooled = (n * std::size_t(g.pooled_height) + std::size_t(ph)) *
                                                std::size_t(g.pooled_width) +
                                            std::size_t(pw);
                        for (std::size_t c = 0; c < g.channels; ++c)
                            f(whole * g.channels + c, pooled * g.channels + c, pixel);
                    }
}

/// Calls f(index into whole, index into pooled) for each element of pooled and the position that its switch
/// selects.
template <class F>
void each_switch(const contracts::SwitchedImages& e, const F& f) {
    for (std::size_t n = 0; n < e.images; ++n)
        for (std::size_t p = 0; p < e.pooled_pixels; ++p)
            for (std::size_t c = 0; c < e.channels; ++c) {
                const std::size_t pooled = (n * e.pooled_pixels + p) * e.channels + c;
                f((n * e.pixels + std::size_t(e.switches[pooled])) * e.channels + c, pooled);
            }
}

}  // namespace reference

template <class T>
void launch(Reference&, const contracts::MaxPoolParameters<T>& p) {
    const contracts::PoolingGeometry& g = p.geometry;
    const std::size_t size = g.images * std::size_t(g.pooled_height * g.pooled_width) * g.channels;
    for (std::size_t i = 0; i < size; ++i) p.switches[i] = -1;
    reference::each_in_window(g, [&](std::size_t whole, std::size_t pooled, std::size_t pixel) {
        const T x = p.whole[whole];
        if (p.switches[pooled] >= 0 && !(x > p.pooled[pooled]) && x == x) return;
        p.pooled[pooled] = x;
        p.switches[pooled] = std::int32_t(pixel);
    });
}

template <class T>
void launch(Reference&, const contracts::SwitchGatherParameters<T>& p) {
    reference::each_switch(p.extents,
                           [&](std::size_t whole, std::size_t pooled) { p.pooled[pooled] = p.whole[whole]; });
}

template <class T>
void launch(Reference&, const contracts::SwitchScatterParameters<T>& p) {
    std::vector<double> sums(p.extents.images * p.extents.pixels * p.extents.channels);
    reference::each_switch(p.extents,
                           [&](std::size_t whole, std::size_t pooled) { sums[whole] += p.pooled[pooled]; });
    for (std::size_t i = 0; i < sums.size(); ++i) p.whole[i] = static_cast<T>(sums[i]);
}

template <class T>
void launch(Reference&, const contracts::WindowSumParameters<T>& p) {
    const contracts::PoolingGeometry& g = p.geometry;
    std::vector<double> sums(g.images * std::size_t(g.pooled_height * g.pooled_width) * g.channels);
    reference::each_in_window(
        g, [&](std::size_t whole, std::size_t pooled, std::size_t) { sums[pooled] += p.whole[whole]; });
    for (std::size_t i = 0; i < sums.size(); ++i) p.pooled[i] = static_cast<T>(p.scale * sums[i]);
}

template <class T>
void launch(Reference&, const contracts::WindowSpreadParameters<T>& p) {
    const contracts::PoolingGeometry& g = p.geometry;
    std::vector<double> sums(g.images * std::size_t(g.height * g.width) * g.channels);
    reference::each_in_window(
        g, [&](std::size_t whole, std::size_t pooled, std::size_t) { sums[whole] += p.pooled[pooled]; });
    for (std::size_t i = 0; i < sums.size(); ++i) p.whole[i] = static_cast<T>(p.scale * sums[i]);
}

}  // namespace gantry
