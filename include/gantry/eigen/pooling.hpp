#pragma once
#include <gantry/contracts/pooling.hpp>
#include <gantry/eigen/device.hpp>

#include <cstddef>
#include <cstdint>

namespace gantry {
namespace eigen::detail {

/// Views all pixels of images as the rows of a table (pixels, channels).
template <class T>
auto whole_pixels(const contracts::PoolingGeometry& g, T* data) {
    return table(data, g.images * static_cast<std::size_t>(g.height * g.width), g.channels);
}
template <class T>
auto pooled_pixels(const contracts::PoolingGeometry& g, T* data) {
    return table(data, g.images * static_cast<std::size_t>(g.pooled_height * g.pooled_width), g.channels);
}

/// Calls f(row of the whole pixel, row of the pooled pixel, pixel within the image) for each pixel of each
/// window, in the order of the pixels.
template <class F>
void each_in_window(const contracts::PoolingGeometry& g, const F& f) {
    const auto [size, stride, padding] = g.window;
    const auto along = [](int pooled, int whole, int step, int zeros, int taps, const auto& each) {
        for (int i = 0; i < taps; ++i)
            if (const int at = pooled * step - zeros + i; at >= 0 && at < whole) each(at);
    };
    for (std::size_t n = 0; n < g.images; ++n)
        for (int ph = 0; ph < g.pooled_height; ++ph)
            for (int pw = 0; pw < g.pooled_width; ++pw) {
                const Index image = static_cast<Index>(n),
                            pooled = (image * g.pooled_height + ph) * g.pooled_width + pw;
                along(ph, g.height, stride.vertical, padding.vertical, size.vertical, [&](int h) {
                    along(pw, g.width, stride.horizontal, padding.horizontal, size.horizontal, [&](int w) {
                        f(image * g.height * g.width + h * g.width + w, pooled, h * g.width + w);
                    });
                });
            }
}

}  // namespace eigen::detail

template <class T>
void launch(EigenCpu&, const contracts::MaxPoolParameters<T>& p) {
    const auto whole = eigen::detail::whole_pixels(p.geometry, p.whole);
    auto pooled = eigen::detail::pooled_pixels(p.geometry, p.pooled);
    auto switches = eigen::detail::pooled_pixels(p.geometry, p.switches);
    switches = -1;
    eigen::detail::each_in_window(p.geometry, [&](eigen::Index from, eigen::Index to, std::int32_t pixel) {
        const auto x = whole.row(from);
        const auto better = (switches.row(to) < 0 || x > pooled.row(to) || x != x).eval();
        pooled.row(to) = better.select(x, pooled.row(to));
        switches.row(to) = better.select(pixel, switches.row(to));
    });
}

template <class T>
void launch(EigenCpu&, const contracts::WindowSumParameters<T>& p) {
    const auto whole = eigen::detail::whole_pixels(p.geometry, p.whole).template cast<double>();
    auto pooled = eigen::detail::pooled_pixels(p.geometry, p.pooled);
    eigen::Table<double> sums = eigen::Table<double>::Zero(pooled.rows(), pooled.cols());
    eigen::detail::each_in_window(
        p.geometry, [&](eigen::Index from, eigen::Index to, int) { sums.row(to) += whole.row(from); });
    pooled = (p.scale * sums).template cast<T>();
}

template <class T>
void launch(EigenCpu&, const contracts::WindowSpreadParameters<T>& p) {
    const auto pooled = eigen::detail::pooled_pixels(p.geometry, p.pooled).template cast<double>();
    auto whole = eigen::detail::whole_pixels(p.geometry, p.whole);
    eigen::Table<double> sums = eigen::Table<double>::Zero(whole.rows(), whole.cols());
    eigen::detail::each_in_window(
        p.geometry, [&](eigen::Index to, eigen::Index from, int) { sums.row(to) += pooled.row(from); });
    whole = (p.scale * sums).template cast<T>();
}

template <class T>
void launch(EigenCpu&, const contracts::SwitchGatherParameters<T>& p) {
    const auto& [images, pixels, pooled_pixels, channels, switches] = p.extents;
    for (std::size_t n = 0; n < images; ++n) {
        const auto from = eigen::table(switches + n * pooled_pixels * channels, pooled_pixels, channels);
        const auto whole = eigen::table(p.whole + n * pixels * channels, pixels, channels);
        eigen::table(p.pooled + n * pooled_pixels * channels, pooled_pixels, channels) =
            eigen::Table<T>::NullaryExpr(from.rows(), from.cols(), [&](eigen::Index i, eigen::Index c) {
                return whole(from(i, c), c);
            });
    }
}

template <class T>
void launch(EigenCpu&, const contracts::SwitchScatterParameters<T>& p) {
    const auto& [images, pixels, pooled_pixels, channels, switches] = p.extents;
    for (std::size_t n = 0; n < images; ++n) {
        const auto to = eigen::table(switches + n * pooled_pixels * channels, pooled_pixels, channels);
        const auto pooled = eigen::table(p.pooled + n * pooled_pixels * channels, pooled_pixels, channels);
        auto whole = eigen::table(p.whole + n * pixels * channels, pixels, channels);
        eigen::Table<double> sums = eigen::Table<double>::Zero(whole.rows(), whole.cols());
        for (eigen::Index i = 0; i < to.rows(); ++i)
            for (eigen::Index c = 0; c < to.cols(); ++c)
                sums(to(i, c), c) += static_cast<double>(pooled(i, c));
        whole = sums.template cast<T>();
    }
}

}  // namespace gantry
