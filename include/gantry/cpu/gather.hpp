#pragma once
#include <gantry/contracts/gather.hpp>
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

}  // namespace gantry
