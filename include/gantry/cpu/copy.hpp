#pragma once
#include <gantry/contracts/copy.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>
#include <gantry/cpu/threads/parallel.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry {

template <class T, class From>
void launch(Cpu& device, const contracts::CopyBlockParameters<T, From>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    if (p.source_stride == p.columns && p.destination_stride == p.columns) {
        cpu::parallel_ranges(device.threads(), p.rows * p.columns, cpu::lanes<T>, cpu::worthwhile_elements,
                             [&](std::size_t begin, std::size_t end) {
                                 std::copy(p.source + begin, p.source + end, p.destination + begin);
                             });
        return;
    }
    cpu::parallel_ranges(device.threads(), p.rows, 1, cpu::worthwhile_elements / p.columns,
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t r = begin; r < end; ++r)
                                 std::copy_n(p.source + r * p.source_stride, p.columns,
                                             p.destination + r * p.destination_stride);
                         });
}

template <class T>
void launch(Cpu& device, const contracts::FillParameters<T>& p) {
    cpu::parallel_ranges(device.threads(), p.size, cpu::lanes<T>, cpu::worthwhile_elements,
                         [&](std::size_t begin, std::size_t end) {
                             std::fill(p.destination + begin, p.destination + end, p.value);
                         });
}

}  // namespace gantry
