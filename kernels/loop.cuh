#pragma once
#include "launch.cuh"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace gantry::cuda {

// Loops over flat arrays: packs, which are read and written by one 16-byte access, and grid-stride loops over
// packs.

/// Consecutive elements, aligned so that the whole pack is one access. With a smaller `alignment`, the same
/// code accesses them one by one.
template <class T, int numbers, std::size_t alignment = numbers * sizeof(T)>
struct alignas(alignment) Pack {
    using Scalar = T;
    static constexpr int width = numbers;
    T at[numbers];
};

/// Elements in 16 bytes.
template <class T>
inline constexpr int pack_width = 16 / static_cast<int>(sizeof(T));

/// The elements of a pack in double: for sums that may not be representable in the type of the pack.
template <class P>
struct WidePack {
    static constexpr int width = P::width;
    double at[P::width];
};
/// True if no element of the pack is infinite or NaN.
template <class P>
__device__ bool all_finite(const P& pack) {
    bool finite = true;
    for (int k = 0; k < P::width; ++k) finite = finite && pack.at[k] - pack.at[k] == 0;
    return finite;
}
template <class P>
__device__ WidePack<P> widen(const P& pack) {
    WidePack<P> wide;
    for (int k = 0; k < P::width; ++k) wide.at[k] = static_cast<double>(pack.at[k]);
    return wide;
}

template <class P, class T>
__device__ P load(const T* from) {
    return *reinterpret_cast<const P*>(from);
}
template <class P, class T>
__device__ void store(T* to, const P& pack) {
    *reinterpret_cast<P*>(to) = pack;
}

/// True if all pointers are aligned for packs. Null pointers are.
template <class... T>
bool aligned(const T*... pointers) {
    return ((reinterpret_cast<std::uintptr_t>(pointers) % 16 == 0) && ...);
}

/// Calls f(width) with an integral_constant: pack_width<T> if `packs`, else 1.
template <class T, class F>
void with_width(bool packs, const F& f) {
    if (packs)
        f(std::integral_constant<int, pack_width<T>>{});
    else
        f(std::integral_constant<int, 1>{});
}

/// Position of element i in images (..., height, width, channels).
struct PixelChannel {
    std::size_t image, channel;
    int row, column;

    __device__ PixelChannel(std::size_t i, int height, int width, std::size_t channels) {
        const std::size_t pixel = i / channels, row_of_all = pixel / width;
        channel = i - pixel * channels;
        column = static_cast<int>(pixel - row_of_all * width);
        image = row_of_all / height;
        row = static_cast<int>(row_of_all - image * height);
    }
};

inline constexpr unsigned block_threads = 256;

/// One thread per item, up to a number of blocks that fills the GPU; for_each_pack loops over the rest.
inline Grid grid_for(std::size_t items) {
    constexpr std::size_t enough = 8192;
    return {static_cast<unsigned>(std::min(ceil_div<std::size_t>(items, block_threads), enough)),
            block_threads};
}

/// Grid-stride loop over `size` elements: calls f(i, width) for elements i, ..., i + width - 1. `width` is an
/// integral_constant: the pack width, or 1 for the elements after the last whole pack.
template <int width, class F>
__device__ void for_each_pack(std::size_t size, const F& f) {
    const std::size_t thread = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::size_t threads = std::size_t{gridDim.x} * blockDim.x, packs = size / width;
    for (std::size_t pack = thread; pack < packs; pack += threads)
        f(pack * width, std::integral_constant<int, width>{});
    if constexpr (width > 1)
        if (thread < size - packs * width) f(packs * width + thread, std::integral_constant<int, 1>{});
}

}  // namespace gantry::cuda
