#pragma once
#include "loop.cuh"
#include <gantry/cuda/launch.hpp>

#include <cstddef>

namespace gantry {
namespace cuda {

/// One thread per pack of channels of a pixel of the result: the products of the terms of both axes.
template <int pack, class T>
__global__ void resample(contracts::FirFilter filter, contracts::FirAxis vertical,
                         contracts::FirAxis horizontal, std::size_t size, std::size_t channels, const T* x,
                         T* y) {
    for_each_pack<pack>(size, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        const PixelChannel at(i, vertical.result(), horizontal.result(), channels);
        const T* const image = x + at.image * vertical.source() * horizontal.source() * channels + at.channel;
        P sum{};
        for (int v = 0; v < vertical.terms(at.row); ++v) {
            const contracts::FirTerm down = vertical.term(at.row, v);
            if (down.source < 0) continue;
            P row_sum{};
            for (int h = 0; h < horizontal.terms(at.column); ++h) {
                const contracts::FirTerm across = horizontal.term(at.column, h);
                if (across.source < 0) continue;
                const std::size_t pixel =
                    static_cast<std::size_t>(down.source) * horizontal.source() + across.source;
                const P term = load<P>(image + pixel * channels);
                const T factor = static_cast<T>(filter.taps[across.tap]);
                for (int k = 0; k < P::width; ++k) row_sum.at[k] += factor * term.at[k];
            }
            const T factor = static_cast<T>(filter.taps[down.tap]);
            for (int k = 0; k < P::width; ++k) sum.at[k] += factor * row_sum.at[k];
        }
        store(y + i, sum);
    });
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::ResamplingParameters<T>& p) {
    const std::size_t size = p.y_size();
    if (size == 0) return;
    const bool packs =
        p.channels % cuda::pack_width<T> == 0 && cuda::aligned(p.x, static_cast<const T*>(p.y));
    cuda::with_width<T>(packs, [&](auto pack) {
        cuda::start(device, "resample", cuda::resample<decltype(pack)::value, T>, cuda::grid_for(size / pack),
                    p.filter, p.vertical(), p.horizontal(), size, p.channels, p.x, p.y);
    });
}

}  // namespace gantry
