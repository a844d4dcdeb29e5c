#pragma once
#include <gantry/contracts/gather.hpp>
#include <gantry/contracts/index_check.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>
#include <gantry/cpu/threads/parallel.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::GatherSamplesParameters<T>& p) {
    std::array<T, 256> value_of_byte;
    for (std::size_t byte = 0; byte < 256; ++byte)
        value_of_byte[byte] = core::from_byte<T>(static_cast<std::uint8_t>(byte), p.range);
    cpu::parallel_ranges(device.threads(), p.count, 1, cpu::worthwhile_elements / p.sample_size,
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t i = begin; i < end; ++i)
                                 std::transform(p.x + p.samples[i] * p.sample_size,
                                                p.x + (p.samples[i] + std::size_t{1}) * p.sample_size,
                                                p.y + i * p.sample_size,
                                                [&](std::uint8_t byte) { return value_of_byte[byte]; });
                         });
}

template <class T>
void launch(Cpu&, const contracts::GatherScalarsParameters<T>& p) {
    for (std::size_t i = 0; i < p.count; ++i) p.y[i] = *p.from[i];
}

template <class T>
void launch(Cpu& device, const contracts::GatherRowsParameters<T>& p) {
    contracts::check_indices("embedding or gather", p.index, p.groups * p.count, p.rows);
    cpu::parallel_ranges(device.threads(), p.groups * p.count, 1, cpu::worthwhile_elements / p.columns,
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t i = begin; i < end; ++i) {
                                 const std::size_t row =
                                     i / p.count * p.rows + static_cast<std::size_t>(p.index[i]);
                                 std::copy_n(p.x + row * p.columns, p.columns, p.y + i * p.columns);
                             }
                         });
}

template <class T>
void launch(Cpu& device, const contracts::ScatterRowsParameters<T>& p) {
    // Threads share the groups and the columns, so that each sum has one order.
    constexpr std::size_t width = 16;
    const std::size_t blocks = (p.columns + width - 1) / width;
    cpu::parallel_ranges(device.threads(), p.groups * blocks, 1,
                         cpu::worthwhile_elements / (width * (p.rows + p.count)),
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t block = begin; block < end; ++block) {
                                 const std::size_t group = block / blocks, column = block % blocks * width,
                                                   columns = std::min(width, p.columns - column);
                                 T* const x = p.x + group * p.rows * p.columns + column;
                                 const T* const y = p.y + group * p.count * p.columns + column;
                                 const std::int32_t* const index = p.index + group * p.count;
                                 if (!p.accumulate)
                                     for (std::size_t r = 0; r < p.rows; ++r)
                                         std::fill_n(x + r * p.columns, columns, T(0));
                                 for (std::size_t i = 0; i < p.count; ++i) {
                                     T* const to = x + static_cast<std::size_t>(index[i]) * p.columns;
                                     for (std::size_t c = 0; c < columns; ++c) to[c] += y[i * p.columns + c];
                                 }
                             }
                         });
}

template <class T>
void launch(Cpu&, const contracts::OneHotParameters<T>& p) {
    contracts::check_indices("one_hot", p.index, p.count, p.classes);
    std::fill_n(p.y, p.count * p.classes, T(0));
    for (std::size_t i = 0; i < p.count; ++i)
        p.y[i * p.classes + static_cast<std::size_t>(p.index[i])] = T(1);
}

template <class T>
void launch(Cpu& device, const contracts::ArgmaxParameters<T>& p) {
    cpu::parallel_ranges(device.threads(), p.rows, 1, cpu::worthwhile_elements / p.columns,
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t r = begin; r < end; ++r)
                                 p.index[r] = contracts::index_of_largest(p.x + r * p.columns, p.columns);
                         });
}

template <class T>
void launch(Cpu&, const contracts::WriteIntegersParameters<T>& p) {
    std::copy_n(p.values.begin(), p.count, p.y);
}

}  // namespace gantry
