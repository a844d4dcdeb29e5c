#pragma once
#include "loop.cuh"
#include <gantry/cuda/launch.hpp>

#include <cstdint>

namespace gantry {
namespace cuda {

struct SampleIndices {
    std::uint32_t at[contracts::GatherSamplesParameters<float>::most];
};

/// One row of blocks per sample (blockIdx.y), so that no division is needed to find the sample of an element.
template <int pack, class T>
__global__ void gather_samples(std::size_t sample_size, const std::uint8_t* x, T* y, PixelRange range,
                               SampleIndices samples) {
    const std::size_t sample = samples.at[blockIdx.y];
    for_each_pack<pack>(sample_size, [&](std::size_t i, auto width) {
        constexpr int numbers = decltype(width)::value;
        const auto bytes = load<Pack<std::uint8_t, numbers>>(x + sample * sample_size + i);
        Pack<T, numbers> values;
#pragma unroll
        for (int k = 0; k < numbers; ++k) values.at[k] = core::from_byte<T>(bytes.at[k], range);
        store(y + blockIdx.y * sample_size + i, values);
    });
}

template <class T>
struct ScalarPointers {
    const T* at[contracts::GatherScalarsParameters<T>::most];
};

/// One block per element. __grid_constant__ keeps the array in parameter memory, where it can be indexed;
/// otherwise it would be copied to the stack.
template <class T>
__global__ void gather_scalars(const __grid_constant__ ScalarPointers<T> from, T* y) {
    y[blockIdx.x] = *from.at[blockIdx.x];
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::GatherSamplesParameters<T>& p) {
    if (p.count == 0 || p.sample_size == 0) return;
    cuda::SampleIndices samples{};
    for (std::size_t i = 0; i < p.count; ++i) samples.at[i] = p.samples[i];
    const bool packs = p.sample_size % cuda::pack_width<T> == 0 && cuda::aligned(p.x, p.y);
    cuda::with_width<T>(packs, [&](auto pack) {
        cuda::Grid grid = cuda::grid_for(p.sample_size / pack);
        grid.blocks.y = static_cast<unsigned>(p.count);
        cuda::start(device, "gather_samples", cuda::gather_samples<decltype(pack)::value, T>, grid,
                    p.sample_size, p.x, p.y, p.range, samples);
    });
}

template <class T>
void launch(Cuda& device, const contracts::GatherScalarsParameters<T>& p) {
    if (p.count == 0) return;
    cuda::ScalarPointers<T> from{};
    for (std::size_t i = 0; i < p.count; ++i) from.at[i] = p.from[i];
    cuda::start(device, "gather_scalars", cuda::gather_scalars<T>, {static_cast<unsigned>(p.count), 1}, from,
                p.y);
}

}  // namespace gantry
