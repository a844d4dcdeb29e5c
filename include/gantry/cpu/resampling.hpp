#pragma once
#include <gantry/contracts/resampling.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/simd/simd.hpp>
#include <gantry/cpu/simd/strips.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// to = or += factor from, for n elements.
template <class T>
void add_scaled(T factor, const T* from, std::size_t n, T* to, bool overwrite) {
    const Vector<T> factors = splat(factor);
    for_strips<4, T>(n, [&](std::size_t i, auto vectors, const auto& lane) {
        static_for<vectors()>([&](auto j) GANTRY_ALWAYS_INLINE {
            const Vector<T> x = lane.get(from + i + j * lanes<T>);
            T* const at = to + i + j * lanes<T>;
            lane.put(at, overwrite ? factors * x : multiply_add(factors, x, lane.get(at)));
        });
    });
}

/// to = the sum of the terms of a pixel of one axis. Source pixels, or rows, have n elements.
template <class T>
void add_terms(const contracts::FirAxis& axis, const contracts::FirFilter& filter, int pixel, const T* source,
               std::size_t n, T* to) {
    bool overwrite = true;
    for (int k = 0; k < axis.terms(pixel); ++k) {
        const contracts::FirTerm term = axis.term(pixel, k);
        if (term.source < 0) continue;
        add_scaled(static_cast<T>(filter.taps[term.tap]), source + static_cast<std::size_t>(term.source) * n,
                   n, to, overwrite);
        overwrite = false;
    }
    if (overwrite) std::fill_n(to, n, T(0));
}

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

/// The axes one after the other: for each row of the result, the rows of x that it needs are added up, and
/// then the pixels of that sum.
template <class T>
void launch(Cpu& device, const contracts::ResamplingParameters<T>& p) {
    using cpu::detail::add_terms;
    const contracts::FirAxis v = p.vertical(), h = p.horizontal();
    const auto rows = static_cast<std::size_t>(v.result()), columns = static_cast<std::size_t>(h.result());
    const std::size_t source_row = static_cast<std::size_t>(h.source()) * p.channels,
                      source_image = static_cast<std::size_t>(v.source()) * source_row;
    cpu::parallel_ranges(device.threads(), p.images * rows, 1,
                         cpu::worthwhile_elements / std::max<std::size_t>(1, columns * p.channels),
                         [&](std::size_t begin, std::size_t end) {
                             T* const sums = cpu::scratch<T>(source_row);
                             for (std::size_t r = begin; r < end; ++r) {
                                 add_terms(v, p.filter, static_cast<int>(r % rows),
                                           p.x + r / rows * source_image, source_row, sums);
                                 for (std::size_t c = 0; c < columns; ++c)
                                     add_terms(h, p.filter, static_cast<int>(c), sums, p.channels,
                                               p.y + (r * columns + c) * p.channels);
                             }
                         });
}

}  // namespace gantry
