#pragma once
#include <gantry/contracts/norm.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/sum.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// Sum of the squares of `count` elements times `scale`, in double.
template <class T>
double sum_of_squares(const T* x, std::size_t count, double scale) {
    constexpr std::size_t at_once = 8;
    double sums[at_once] = {};
    std::size_t i = 0;
    for (; i + at_once <= count; i += at_once)
        for (std::size_t k = 0; k < at_once; ++k) {
            const double number = scale * static_cast<double>(x[i + k]);
            sums[k] += number * number;
        }
    for (std::size_t k = 0; i < count; ++i, ++k) {
        const double number = scale * static_cast<double>(x[i]);
        sums[k] += number * number;
    }
    double total = 0;
    for (const double sum : sums) total += sum;
    return total;
}

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::NormParameters<T>& p) {
    constexpr std::size_t most_chunks = 256;
    const std::size_t chunk = std::max(cpu::sum_block, (p.size + most_chunks - 1) / most_chunks);
    const auto sum = [&](double scale) {
        std::array<double, most_chunks> sums = {};
        cpu::parallel_ranges(device.threads(), p.size, chunk, cpu::worthwhile_elements,
                             [&](std::size_t begin, std::size_t end) {
                                 for (std::size_t i = begin; i < end; i += chunk)
                                     sums[i / chunk] = cpu::detail::sum_of_squares(
                                         p.x + i, std::min(chunk, end - i), scale);
                             });
        double total = 0;
        for (const double part : sums) total += part;
        return total;
    };
    double squares = sum(1);
    const int index = contracts::ScaledNorm::fitting_scale<T>(squares);
    const double scale = contracts::ScaledNorm::scale_of(index);
    if (index > 0) squares = sum(scale);
    *p.scaled = {std::sqrt(squares), scale};
    *p.norm = static_cast<T>(p.scaled->norm / scale);
}

template <class T>
void launch(Cpu& device, const contracts::ClipToNormParameters<T>& p) {
    const double scale = p.scaled->scale, factor = p.scaled->clip_factor(p.max_norm);
    cpu::parallel_ranges(device.threads(), p.size, cpu::lanes<T>, cpu::worthwhile_elements,
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t i = begin; i < end; ++i)
                                 p.x[i] = static_cast<T>(factor * (scale * static_cast<double>(p.x[i])));
                         });
}

}  // namespace gantry
