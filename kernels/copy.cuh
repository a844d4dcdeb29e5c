#pragma once
#include "loop.cuh"
#include <gantry/cuda/launch.hpp>

namespace gantry {
namespace cuda {

/// destination[r][c] = source[r][c]. Packs do not cross the end of a row.
template <int pack, class T>
__global__ void copy_block(contracts::CopyBlockParameters<T> p) {
    for_each_pack<pack>(p.rows * p.columns, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        const std::size_t row = i / p.columns, column = i - row * p.columns;
        store(p.destination + row * p.destination_stride + column,
              load<P>(p.source + row * p.source_stride + column));
    });
}

template <int pack, class T>
__global__ void fill(std::size_t size, T* destination, T value) {
    for_each_pack<pack>(size, [&](std::size_t i, auto width) {
        Pack<T, decltype(width)::value> values;
        for (T& number : values.at) number = value;
        store(destination + i, values);
    });
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::CopyBlockParameters<T>& p) {
    const std::size_t size = p.rows * p.columns;
    if (size == 0) return;
    constexpr std::size_t width = cuda::pack_width<T>;
    const bool packs = p.columns % width == 0 && p.source_stride % width == 0 &&
                       p.destination_stride % width == 0 && cuda::aligned(p.source, p.destination);
    cuda::with_width<T>(packs, [&](auto pack) {
        cuda::start(device, "copy", cuda::copy_block<decltype(pack)::value, T>, cuda::grid_for(size / pack),
                    p);
    });
}

template <class T>
void launch(Cuda& device, const contracts::FillParameters<T>& p) {
    if (p.size == 0) return;
    cuda::with_width<T>(cuda::aligned(p.destination), [&](auto pack) {
        cuda::start(device, "fill", cuda::fill<decltype(pack)::value, T>,
                    cuda::grid_for(cuda::ceil_div<std::size_t>(p.size, pack)), p.size, p.destination,
                    p.value);
    });
}

}  // namespace gantry
