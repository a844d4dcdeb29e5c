#pragma once
#include "loop.cuh"
#include <gantry/cuda/launch.hpp>

#include <cstdint>
#include <limits>

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

/// True for an index in [0, below). Others cannot be reported: kernels that gather make their results NaN.
__host__ __device__ inline bool valid_index(std::int32_t index, std::size_t below) {
    return index >= 0 && static_cast<std::size_t>(index) < below;
}
template <class T>
inline constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

/// Packs do not cross the end of a row.
template <int pack, class T>
__global__ void gather_rows(contracts::GatherRowsParameters<T> p) {
    for_each_pack<pack>(p.groups * p.count * p.columns, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        const std::size_t row = i / p.columns, column = i - row * p.columns;
        const std::int32_t index = p.index[row];
        P numbers;
        if (valid_index(index, p.rows)) {
            const std::size_t from = row / p.count * p.rows + static_cast<std::size_t>(index);
            numbers = load<P>(p.x + from * p.columns + column);
        } else {
            for (T& number : numbers.at) number = not_a_number<T>;
        }
        store(p.y + i, numbers);
    });
}

/// One thread per pack of x, which reads all indices of its group: few for classes, and the same for all
/// threads. The order of each sum is that of the indices.
template <int pack, class T>
__global__ void scatter_rows(contracts::ScatterRowsParameters<T> p) {
    for_each_pack<pack>(p.groups * p.rows * p.columns, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        const std::size_t row = i / p.columns, column = i - row * p.columns, group = row / p.rows;
        const auto wanted = static_cast<std::int32_t>(row - group * p.rows);
        P sums{};
        if (p.accumulate) sums = load<P>(p.x + i);
        for (std::size_t k = group * p.count; k < (group + 1) * p.count; ++k) {
            if (p.index[k] != wanted) continue;
            const P numbers = load<P>(p.y + k * p.columns + column);
            for (int j = 0; j < P::width; ++j) sums.at[j] += numbers.at[j];
        }
        store(p.x + i, sums);
    });
}

template <class T>
__global__ void one_hot(contracts::OneHotParameters<T> p) {
    for_each_pack<1>(p.count * p.classes, [&](std::size_t i, auto) {
        const std::size_t row = i / p.classes;
        const std::int32_t index = p.index[row];
        const bool is_class = static_cast<std::size_t>(index) == i - row * p.classes;
        p.y[i] = valid_index(index, p.classes) ? static_cast<T>(is_class) : not_a_number<T>;
    });
}

/// One thread per row: rows are classes, which are few.
template <class T>
__global__ void argmax(contracts::ArgmaxParameters<T> p) {
    for_each_pack<1>(p.rows, [&](std::size_t r, auto) {
        p.index[r] = contracts::index_of_largest(p.x + r * p.columns, p.columns);
    });
}

template <class T>
struct Integers {
    T at[contracts::WriteIntegersParameters<T>::most];
};
/// One block. __grid_constant__: see gather_scalars.
template <class T>
__global__ void write_integers(const __grid_constant__ Integers<T> values, std::size_t count, T* y) {
    for_each_pack<1>(count, [&](std::size_t i, auto) { y[i] = values.at[i]; });
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

template <class T>
void launch(Cuda& device, const contracts::GatherRowsParameters<T>& p) {
    const std::size_t size = p.groups * p.count * p.columns;
    if (size == 0) return;
    const bool packs = p.columns % cuda::pack_width<T> == 0 && cuda::aligned(p.x, p.y);
    cuda::with_width<T>(packs, [&](auto pack) {
        cuda::start(device, "gather_rows", cuda::gather_rows<decltype(pack)::value, T>,
                    cuda::grid_for(size / pack), p);
    });
}

template <class T>
void launch(Cuda& device, const contracts::ScatterRowsParameters<T>& p) {
    const std::size_t size = p.groups * p.rows * p.columns;
    if (size == 0) return;
    const bool packs = p.columns % cuda::pack_width<T> == 0 && cuda::aligned(p.x, p.y);
    cuda::with_width<T>(packs, [&](auto pack) {
        cuda::start(device, "scatter_rows", cuda::scatter_rows<decltype(pack)::value, T>,
                    cuda::grid_for(size / pack), p);
    });
}

template <class T>
void launch(Cuda& device, const contracts::OneHotParameters<T>& p) {
    if (p.count == 0) return;
    cuda::start(device, "one_hot", cuda::one_hot<T>, cuda::grid_for(p.count * p.classes), p);
}

template <class T>
void launch(Cuda& device, const contracts::ArgmaxParameters<T>& p) {
    if (p.rows == 0) return;
    cuda::start(device, "argmax", cuda::argmax<T>, cuda::grid_for(p.rows), p);
}

template <class T>
void launch(Cuda& device, const contracts::WriteIntegersParameters<T>& p) {
    if (p.count == 0) return;
    cuda::Integers<T> values{};
    for (std::size_t i = 0; i < p.count; ++i) values.at[i] = p.values[i];
    cuda::start(device, "write_integers", cuda::write_integers<T>, {1, cuda::block_threads}, values, p.count,
                p.y);
}

}  // namespace gantry
