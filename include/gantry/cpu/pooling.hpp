#pragma once
#include <gantry/contracts/pooling.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// The integers begin, ..., end - 1.
struct Span {
    int begin, end;
};

/// One axis of a PoolingGeometry.
struct PoolingAxis {
    int extent, pooled_extent, size, stride, padding;

    /// Pixels in the window of a pooled pixel.
    Span window(int pooled) const {
        const int begin = pooled * stride - padding;
        return {std::max(begin, 0), std::min(begin + size, extent)};
    }
    /// Pooled pixels whose windows contain a pixel; empty if end <= begin.
    Span windows_with(int pixel) const {
        const int place = pixel + padding;
        return {place < size ? 0 : (place - size) / stride + 1, std::min(place / stride + 1, pooled_extent)};
    }
};
inline PoolingAxis vertical(const contracts::PoolingGeometry& g) {
    const Pool2dOptions& w = g.window;
    return {g.height, g.pooled_height, w.size.vertical, w.stride.vertical, w.padding.vertical};
}
inline PoolingAxis horizontal(const contracts::PoolingGeometry& g) {
    const Pool2dOptions& w = g.window;
    return {g.width, g.pooled_width, w.size.horizontal, w.stride.horizontal, w.padding.horizontal};
}

/// Calls f(image, row, pixel) for all rows of all images, distributed over the threads. `pixel` is the index
/// of the first pixel of the row, counted over all images. `cost`: operations per pixel.
template <class F>
void for_rows(const Cpu& device, std::size_t images, int height, int width, std::size_t cost, const F& f) {
    const auto rows = static_cast<std::size_t>(height), columns = static_cast<std::size_t>(width);
    parallel_ranges(device.threads(), images * rows, 1,
                    worthwhile_elements / std::max<std::size_t>(1, columns * cost),
                    [&](std::size_t begin, std::size_t end) {
                        for (std::size_t r = begin; r < end; ++r)
                            f(r / rows, static_cast<int>(r % rows), r * columns);
                    });
}

/// Calls f.operator()<V>(channel): with V = Vector<T> for each lanes<T> channels, and with V = T for each of
/// the remaining ones.
template <class T, class F>
GANTRY_ALWAYS_INLINE inline void for_channels(std::size_t channels, const F& f) {
    std::size_t c = 0;
    for (; c + lanes<T> <= channels; c += lanes<T>) f.template operator()<Vector<T>>(c);
    for (; c < channels; ++c) f.template operator()<T>(c);
}
template <class V, class T>
GANTRY_ALWAYS_INLINE inline V read(const T* from) {
    if constexpr (std::is_same_v<V, T>)
        return *from;
    else
        return load(from);
}
template <class V, class T>
GANTRY_ALWAYS_INLINE inline void write(T* to, V v) {
    if constexpr (std::is_same_v<V, T>)
        *to = v;
    else
        store(to, v);
}

/// Running maximum and its pixel. NaN wins.
template <class V>
struct Maximum {
    using T = Element<V>;
    using Integer = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    using Pixel = std::conditional_t<std::is_same_v<V, T>, Integer, Vector<Integer>>;
    V value;
    Pixel pixel;

    GANTRY_ALWAYS_INLINE static Maximum of(V x, std::size_t at) { return {x, number(at)}; }
    GANTRY_ALWAYS_INLINE void meet(V x, std::size_t at) {
        const auto wins = (x > value) | math::is_nan(x);
        value = math::select(wins, x, value);
        pixel = math::select(wins, number(at), pixel);
    }
    GANTRY_ALWAYS_INLINE void write_pixel(std::int32_t* to) const {
        if constexpr (std::is_same_v<V, T>)
            *to = static_cast<std::int32_t>(pixel);
        else if constexpr (sizeof(T) == 4)
            store(to, pixel);
        else
            for (std::size_t lane = 0; lane < lanes<T>; ++lane)
                to[lane] = static_cast<std::int32_t>(pixel[lane]);
    }

private:
    GANTRY_ALWAYS_INLINE static Pixel number(std::size_t at) { return static_cast<Integer>(at) - Pixel{}; }
};

/// out[c] = scale * sum over `rows` and `columns` of an image of this width. Each row is summed first, so
/// that values of similar magnitude are added.
template <class T>
GANTRY_ALWAYS_INLINE inline void sum_pixels(const T* image, int width, std::size_t channels, Span rows,
                                            Span columns, double scale, T* out) {
    for_channels<T>(channels, [&]<class V>(std::size_t c) GANTRY_ALWAYS_INLINE {
        V sum{};
        for (int i = rows.begin; i < rows.end; ++i) {
            V row_sum{};
            for (int j = columns.begin; j < columns.end; ++j)
                row_sum += read<V>(image + static_cast<std::size_t>(i * width + j) * channels + c);
            sum += row_sum;
        }
        write(out + c, sum * static_cast<T>(scale));
    });
}

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::MaxPoolParameters<T>& p) {
    using namespace cpu::detail;
    const contracts::PoolingGeometry g = p.geometry;
    const PoolingAxis down = vertical(g), across = horizontal(g);
    const std::size_t channels = g.channels,
                      pixels = static_cast<std::size_t>(g.height) * static_cast<std::size_t>(g.width);
    for_rows(device, g.images, g.pooled_height, g.pooled_width,
             channels * static_cast<std::size_t>(down.size * across.size),
             [&](std::size_t image, int row, std::size_t pooled) {
                 const Span rows = down.window(row);
                 const T* const whole = p.whole + image * pixels * channels;
                 for (int column = 0; column < g.pooled_width; ++column, ++pooled) {
                     const Span columns = across.window(column);
                     for_channels<T>(channels, [&]<class V>(std::size_t c) GANTRY_ALWAYS_INLINE {
                         const auto first = static_cast<std::size_t>(rows.begin * g.width + columns.begin);
                         auto maximum = Maximum<V>::of(read<V>(whole + first * channels + c), first);
                         for (int i = rows.begin; i < rows.end; ++i)
                             for (int j = columns.begin; j < columns.end; ++j) {
                                 const auto pixel = static_cast<std::size_t>(i * g.width + j);
                                 maximum.meet(read<V>(whole + pixel * channels + c), pixel);
                             }
                         write(p.pooled + pooled * channels + c, maximum.value);
                         maximum.write_pixel(p.switches + pooled * channels + c);
                     });
                 }
             });
}

/// An image is not split between threads, so its additions have the same order for any number of threads.
template <class T>
void launch(Cpu& device, const contracts::SwitchScatterParameters<T>& p) {
    const contracts::SwitchedImages e = p.extents;
    const std::size_t whole_size = e.pixels * e.channels, pooled_size = e.pooled_pixels * e.channels;
    cpu::parallel_ranges(
        device.threads(), e.images, 1, cpu::worthwhile_elements / std::max<std::size_t>(1, whole_size),
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t image = begin; image < end; ++image) {
                T* const whole = p.whole + image * whole_size;
                const T* pooled = p.pooled + image * pooled_size;
                const std::int32_t* switches = e.switches + image * pooled_size;
                std::fill_n(whole, whole_size, T{0});
                for (std::size_t pixel = 0; pixel < e.pooled_pixels; ++pixel)
                    for (std::size_t c = 0; c < e.channels; ++c)
                        whole[static_cast<std::size_t>(*switches++) * e.channels + c] += *pooled++;
            }
        });
}

template <class T>
void launch(Cpu& device, const contracts::SwitchGatherParameters<T>& p) {
    const contracts::SwitchedImages e = p.extents;
    cpu::parallel_ranges(
        device.threads(), e.images * e.pooled_pixels, 1,
        cpu::worthwhile_elements / std::max<std::size_t>(1, e.channels),
        [&](std::size_t begin, std::size_t end) {
            const std::int32_t* switches = e.switches + begin * e.channels;
            T* pooled = p.pooled + begin * e.channels;
            for (std::size_t pixel = begin; pixel < end; ++pixel) {
                const T* const whole = p.whole + pixel / e.pooled_pixels * e.pixels * e.channels;
                for (std::size_t c = 0; c < e.channels; ++c)
                    *pooled++ = whole[static_cast<std::size_t>(*switches++) * e.channels + c];
            }
        });
}

template <class T>
void launch(Cpu& device, const contracts::WindowSumParameters<T>& p) {
    using namespace cpu::detail;
    const contracts::PoolingGeometry g = p.geometry;
    const PoolingAxis down = vertical(g), across = horizontal(g);
    const std::size_t image_size =
        static_cast<std::size_t>(g.height) * static_cast<std::size_t>(g.width) * g.channels;
    for_rows(device, g.images, g.pooled_height, g.pooled_width,
             g.channels * static_cast<std::size_t>(down.size * across.size),
             [&](std::size_t image, int row, std::size_t pooled) {
                 const Span rows = down.window(row);
                 for (int column = 0; column < g.pooled_width; ++column, ++pooled)
                     sum_pixels(p.whole + image * image_size, g.width, g.channels, rows,
                                across.window(column), p.scale, p.pooled + pooled * g.channels);
             });
}

template <class T>
void launch(Cpu& device, const contracts::WindowSpreadParameters<T>& p) {
    using namespace cpu::detail;
    const contracts::PoolingGeometry g = p.geometry;
    const PoolingAxis down = vertical(g), across = horizontal(g);
    const std::size_t image_size =
        static_cast<std::size_t>(g.pooled_height) * static_cast<std::size_t>(g.pooled_width) * g.channels;
    for_rows(device, g.images, g.height, g.width, g.channels,
             [&](std::size_t image, int row, std::size_t whole) {
                 const Span rows = down.windows_with(row);
                 for (int column = 0; column < g.width; ++column, ++whole)
                     sum_pixels(p.pooled + image * image_size, g.pooled_width, g.channels, rows,
                                across.windows_with(column), p.scale, p.whole + whole * g.channels);
             });
}

}  // namespace gantry
