#pragma once
#include "loop.cuh"
#include <gantry/cuda/launch.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace gantry {
namespace cuda {

/// The integers begin, ..., end - 1.
struct Span {
    int begin, end;
};

/// One axis of a PoolingGeometry.
struct PoolingAxis {
    int extent, pooled_extent, size, stride, padding;

    /// Pixels in the window of a pooled pixel.
    __device__ Span window(int pooled) const {
        const int begin = pooled * stride - padding;
        return {max(begin, 0), min(begin + size, extent)};
    }
    /// Pooled pixels whose windows contain a pixel; empty if end <= begin.
    __device__ Span windows_with(int pixel) const {
        const int place = pixel + padding;
        return {place < size ? 0 : (place - size) / stride + 1, min(place / stride + 1, pooled_extent)};
    }
};

/// PoolingGeometry as a kernel argument.
struct PoolingAxes {
    std::size_t images, channels;
    PoolingAxis vertical, horizontal;

    static PoolingAxes of(const contracts::PoolingGeometry& g) {
        const Pool2dOptions& w = g.window;
        return {g.images,
                g.channels,
                {g.height, g.pooled_height, w.size.vertical, w.stride.vertical, w.padding.vertical},
                {g.width, g.pooled_width, w.size.horizontal, w.stride.horizontal, w.padding.horizontal}};
    }
    std::size_t whole_size() const { return size(vertical.extent, horizontal.extent); }
    std::size_t pooled_size() const { return size(vertical.pooled_extent, horizontal.pooled_extent); }

private:
    std::size_t size(int height, int width) const {
        return images * static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * channels;
    }
};

/// Replaces the elements of `largest` that x exceeds, or where x is NaN, and notes their pixel.
template <class P>
__device__ void keep_larger(const P& x, std::int32_t pixel, P& largest, Pack<std::int32_t, P::width>& where) {
    for (int k = 0; k < P::width; ++k) {
        const bool wins = x.at[k] > largest.at[k] || x.at[k] != x.at[k];
        largest.at[k] = wins ? x.at[k] : largest.at[k];
        where.at[k] = wins ? pixel : where.at[k];
    }
}

template <int pack, class T>
__global__ void max_pool(PoolingAxes g, std::size_t size, const T* whole, T* pooled, std::int32_t* switches) {
    for_each_pack<pack>(size, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        const PixelChannel at(i, g.vertical.pooled_extent, g.horizontal.pooled_extent, g.channels);
        const Span rows = g.vertical.window(at.row), columns = g.horizontal.window(at.column);
        const std::size_t pixels = std::size_t(g.vertical.extent) * g.horizontal.extent;
        const T* const image = whole + at.image * pixels * g.channels + at.channel;
        const int first = rows.begin * g.horizontal.extent + columns.begin;
        P largest = load<P>(image + first * g.channels);
        Pack<std::int32_t, P::width> where;
        for (std::int32_t& pixel : where.at) pixel = first;
        for (int row = rows.begin; row < rows.end; ++row)
            for (int column = columns.begin; column < columns.end; ++column) {
                const int pixel = row * g.horizontal.extent + column;
                keep_larger(load<P>(image + pixel * g.channels), pixel, largest, where);
            }
        store(pooled + i, largest);
        store(switches + i, where);
    });
}

/// pooled[n, p, c] = whole[n, switches[n, p, c], c]
template <class T>
__global__ void switch_gather(contracts::SwitchedImages e, const T* whole, T* pooled) {
    const std::size_t pooled_size = e.pooled_pixels * e.channels, whole_size = e.pixels * e.channels;
    for_each_pack<1>(e.images * pooled_size, [&](std::size_t i, auto) {
        pooled[i] = whole[i / pooled_size * whole_size + e.switches[i] * e.channels + i % e.channels];
    });
}

inline constexpr unsigned scatter_pixels = 32;

/// A block handles up to 32 channels of an image, 32 pooled pixels at a time. Of the pooled pixels with the
/// same switch, the thread of the first adds them all up, in order: the sums are bitwise those of
/// switch_scatter_plain (pooling_plain.cuh).
template <class T>
__global__ void switch_scatter(contracts::SwitchedImages e, const T* pooled, T* whole) {
    constexpr unsigned at_once = scatter_pixels;
    __shared__ std::int32_t switches[at_once * at_once];
    __shared__ T numbers[at_once * at_once];
    const unsigned lanes = blockDim.x, y = threadIdx.y, mine = y * lanes + threadIdx.x;
    const std::size_t groups = ceil_div<std::size_t>(e.channels, lanes), image = blockIdx.x / groups;
    const std::size_t channel = blockIdx.x % groups * lanes + threadIdx.x;
    const bool inside = channel < e.channels;
    T* const to = whole + image * e.pixels * e.channels + channel;
    if (inside)
        for (std::size_t q = y; q < e.pixels; q += at_once) to[q * e.channels] = 0;
    for (std::size_t first = 0; first < e.pooled_pixels; first += at_once) {
        const bool has = inside && first + y < e.pooled_pixels;
        const std::size_t from = (image * e.pooled_pixels + first + y) * e.channels + channel;
        const std::int32_t pixel = has ? e.switches[from] : -1;
        switches[mine] = pixel;
        numbers[mine] = has ? pooled[from] : T{0};
        __syncthreads();
        bool is_first = has;
        for (unsigned i = threadIdx.x; i < mine; i += lanes) is_first = is_first && switches[i] != pixel;
        if (is_first) {
            T sum = to[pixel * e.channels];
            for (unsigned i = mine; i < at_once * lanes; i += lanes)
                if (switches[i] == pixel) sum += numbers[i];
            to[pixel * e.channels] = sum;
        }
        __syncthreads();
    }
}

/// scale * sum over `rows` and `columns` of an image of this width. Each row is summed first, so that values
/// of similar magnitude are added.
template <class P, class T>
__device__ P sum_pixels(const T* image, int width, std::size_t channels, Span rows, Span columns, T scale) {
    P sum{};
    for (int row = rows.begin; row < rows.end; ++row) {
        P row_sum{};
        for (int column = columns.begin; column < columns.end; ++column) {
            const P x = load<P>(image + (std::size_t(row) * width + column) * channels);
            for (int k = 0; k < P::width; ++k) row_sum.at[k] += x.at[k];
        }
        for (int k = 0; k < P::width; ++k) sum.at[k] += row_sum.at[k];
    }
    for (T& number : sum.at) number *= scale;
    return sum;
}

template <int pack, class T>
__global__ void window_sum(PoolingAxes g, std::size_t size, const T* whole, T* pooled, T scale) {
    for_each_pack<pack>(size, [&](std::size_t i, auto width) {
        const int rows = g.vertical.extent, columns = g.horizontal.extent;
        const PixelChannel at(i, g.vertical.pooled_extent, g.horizontal.pooled_extent, g.channels);
        const T* const image = whole + at.image * rows * columns * g.channels + at.channel;
        store(pooled + i, sum_pixels<Pack<T, decltype(width)::value>>(image, columns, g.channels,
                                                                      g.vertical.window(at.row),
                                                                      g.horizontal.window(at.column), scale));
    });
}

template <int pack, class T>
__global__ void window_spread(PoolingAxes g, std::size_t size, const T* pooled, T* whole, T scale) {
    for_each_pack<pack>(size, [&](std::size_t i, auto width) {
        const int rows = g.vertical.pooled_extent, columns = g.horizontal.pooled_extent;
        const PixelChannel at(i, g.vertical.extent, g.horizontal.extent, g.channels);
        const T* const image = pooled + at.image * rows * columns * g.channels + at.channel;
        store(whole + i, sum_pixels<Pack<T, decltype(width)::value>>(
                             image, columns, g.channels, g.vertical.windows_with(at.row),
                             g.horizontal.windows_with(at.column), scale));
    });
}

/// True if channels can be accessed in packs, which requires all pixels to be aligned.
template <class T, class... Pointers>
bool channel_packs(std::size_t channels, Pointers... pointers) {
    return channels % pack_width<T> == 0 && aligned(pointers...);
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::MaxPoolParameters<T>& p) {
    const auto g = cuda::PoolingAxes::of(p.geometry);
    const std::size_t size = g.pooled_size();
    if (size == 0) return;
    cuda::with_width<T>(cuda::channel_packs<T>(g.channels, p.whole, p.pooled, p.switches), [&](auto pack) {
        cuda::start(device, "max_pool", cuda::max_pool<decltype(pack)::value, T>, cuda::grid_for(size / pack),
                    g, size, p.whole, p.pooled, p.switches);
    });
}

template <class T>
void launch(Cuda& device, const contracts::SwitchGatherParameters<T>& p) {
    const contracts::SwitchedImages& e = p.extents;
    const std::size_t size = e.images * e.pooled_pixels * e.channels;
    if (size == 0) return;
    cuda::start(device, "switch_gather", cuda::switch_gather<T>, cuda::grid_for(size), e, p.whole, p.pooled);
}

template <class T>
void launch(Cuda& device, const contracts::SwitchScatterParameters<T>& p) {
    const contracts::SwitchedImages& e = p.extents;
    if (e.images * e.pixels * e.channels == 0) return;
    const auto lanes =
        static_cast<unsigned>(std::min<std::size_t>(std::bit_ceil(e.channels), cuda::scatter_pixels));
    const auto blocks = static_cast<unsigned>(e.images * cuda::ceil_div<std::size_t>(e.channels, lanes));
    cuda::start(device, "switch_scatter", cuda::switch_scatter<T>, {blocks, {lanes, cuda::scatter_pixels}}, e,
                p.pooled, p.whole);
}

template <class T>
void launch(Cuda& device, const contracts::WindowSumParameters<T>& p) {
    const auto g = cuda::PoolingAxes::of(p.geometry);
    const std::size_t size = g.pooled_size();
    if (size == 0) return;
    cuda::with_width<T>(cuda::channel_packs<T>(g.channels, p.whole, p.pooled), [&](auto pack) {
        cuda::start(device, "window_sum", cuda::window_sum<decltype(pack)::value, T>,
                    cuda::grid_for(size / pack), g, size, p.whole, p.pooled, static_cast<T>(p.scale));
    });
}

template <class T>
void launch(Cuda& device, const contracts::WindowSpreadParameters<T>& p) {
    const auto g = cuda::PoolingAxes::of(p.geometry);
    const std::size_t size = g.whole_size();
    if (size == 0) return;
    cuda::with_width<T>(cuda::channel_packs<T>(g.channels, p.whole, p.pooled), [&](auto pack) {
        cuda::start(device, "window_spread", cuda::window_spread<decltype(pack)::value, T>,
                    cuda::grid_for(size / pack), g, size, p.pooled, p.whole, static_cast<T>(p.scale));
    });
}

}  // namespace gantry
