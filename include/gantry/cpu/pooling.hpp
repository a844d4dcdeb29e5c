#pragma once
#include <gantry/cpu/math.hpp>
#include <gantry/cpu/vector_loop.hpp>
#include <gantry/kernels/pooling.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace gantry {
namespace cpu::detail {

/// Numbers begin, ..., end - 1.
struct Span {
    int begin, end;
};

/// Along one axis: the pixels of window number `pooled`.
inline Span window_of(int pooled, int size, int stride, int padding, int extent) {
    const int begin = pooled * stride - padding;
    return {std::max(begin, 0), std::min(begin + size, extent)};
}
/// Along one axis: the windows that `pixel` lies in. Those are in a row, or there are none.
inline Span windows_with(int pixel, int size, int stride, int padding, int pooled_extent) {
    const int place = pixel + padding;
    return {place < size ? 0 : (place - size) / stride + 1, std::min(place / stride + 1, pooled_extent)};
}

/// Calls f(image, row, column, pixel) for all pixels of images. Threads share out the rows.
template <class F>
void for_pixels(const Cpu& device, std::size_t images, int height, int width, std::size_t cost, const F& f) {
    const auto rows = static_cast<std::size_t>(height), columns = static_cast<std::size_t>(width);
    parallel_ranges(device.threads(), images * rows, 1, worthwhile_elements / std::max<std::size_t>(1, columns * cost),
                    [&](std::size_t begin, std::size_t end) {
                        for (std::size_t r = begin; r < end; ++r)
                            for (int column = 0; column < width; ++column)
                                f(r / rows, static_cast<int>(r % rows), column,
                                  r * columns + static_cast<std::size_t>(column));
                    });
}

/// Calls f.operator()<V>(channel) for vectors of channels, V = Vector<T>, and for each that is left, V = T.
template <class T, class F>
void for_channels(std::size_t channels, const F& f) {
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

/// Integers of T's size: as a mask for T, and as the number of a pixel.
template <class T>
using IntegerLike = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// The maximum of a window, and where it stands.
template <class V>
struct Largest {
    using T = Element<V>;
    using I = std::conditional_t<std::is_same_v<V, T>, IntegerLike<T>, Vector<IntegerLike<T>>>;
    V value;
    I pixel;

    GANTRY_ALWAYS_INLINE static I everywhere(std::size_t pixel) { return static_cast<IntegerLike<T>>(pixel) - I{}; }
    GANTRY_ALWAYS_INLINE void meet(V x, std::size_t at) {
        const auto wins = (x > value) | (x != x);
        value = math::select(wins, x, value);
        pixel = math::select(wins, everywhere(at), pixel);
    }
    GANTRY_ALWAYS_INLINE void write_pixel(std::int32_t* to) const {
        if constexpr (std::is_same_v<V, T>)
            *to = static_cast<std::int32_t>(pixel);
        else if constexpr (sizeof(T) == 4)
            store(to, pixel);
        else
            for (std::size_t lane = 0; lane < lanes<T>; ++lane) to[lane] = static_cast<std::int32_t>(pixel[lane]);
    }
};

/// out[c] = scale * sum of the pixels in some rows and columns of an image of this width: a sum of sums of
/// rows, so that few numbers are added to a large one.
template <class T>
void sum_pixels(const T* image, int width, std::size_t channels, Span rows, Span columns, T scale, T* out) {
    for_channels<T>(channels, [&]<class V>(std::size_t c) {
        V sum{};
        for (int i = rows.begin; i < rows.end; ++i) {
            const T* pixel = image + static_cast<std::size_t>(i * width + columns.begin) * channels + c;
            V row_sum{};
            for (int j = columns.begin; j < columns.end; ++j, pixel += channels) row_sum += read<V>(pixel);
            sum += row_sum;
        }
        write(out + c, sum * scale);
    });
}

}  // namespace cpu::detail

template <class T>
void launch(Cpu& device, const MaxPoolParameters<T>& p) {
    using namespace cpu::detail;
    const PoolingGeometry& g = p.geometry;
    const auto [size, stride, padding] = g.window;
    const auto pixels = static_cast<std::size_t>(g.height) * static_cast<std::size_t>(g.width);
    const auto width = static_cast<std::size_t>(g.width);
    const auto window = static_cast<std::size_t>(size.vertical * size.horizontal);
    for_pixels(device, g.images, g.pooled_height, g.pooled_width, g.channels * window,
               [&, size = size, stride = stride, padding = padding](std::size_t image, int h, int w, std::size_t out) {
        const Span rows = window_of(h, size.vertical, stride.vertical, padding.vertical, g.height);
        const Span columns = window_of(w, size.horizontal, stride.horizontal, padding.horizontal, g.width);
        const T* const whole = p.whole + image * pixels * g.channels;
        for_channels<T>(g.channels, [&]<class V>(std::size_t c) {
            const std::size_t first = static_cast<std::size_t>(rows.begin) * width + static_cast<std::size_t>(columns.begin);
            Largest<V> largest{read<V>(whole + first * g.channels + c), Largest<V>::everywhere(first)};
            for (int i = rows.begin; i < rows.end; ++i)
                for (int j = columns.begin; j < columns.end; ++j) {
                    const std::size_t pixel = static_cast<std::size_t>(i) * width + static_cast<std::size_t>(j);
                    largest.meet(read<V>(whole + pixel * g.channels + c), pixel);
                }
            write(p.pooled + out * g.channels + c, largest.value);
            largest.write_pixel(p.switches + out * g.channels + c);
        });
    });
}
