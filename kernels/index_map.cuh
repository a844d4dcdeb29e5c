#pragma once
#include "loop.cuh"
#include <gantry/cuda/launch.hpp>

#include <cstddef>
#include <cstdint>

namespace gantry {
namespace cuda {

/// One thread per element E of y: a number, or a pack of them.
template <class E>
__global__ void index_map(std::size_t size, contracts::IndexMapParameters<E> p) {
    for_each_pack<1>(size, [&](std::size_t i, auto) {
        auto rest = static_cast<std::int64_t>(i);
        std::size_t from = 0;
        bool inside = true;
        for (int a = p.axes - 1; a >= 0; --a) {
            const auto& axis = p.axis[a];
            const std::int64_t j = axis.start + axis.step * (rest % axis.size);
            rest /= axis.size;
            inside = inside && j >= 0 && j < axis.source_size;
            from += static_cast<std::size_t>(j) * axis.stride;
        }
        p.y[i] = inside ? p.x[from] : E{};
    });
}

/// The same map for packs of `width` elements. Returns no axes if a pack is not contiguous in x.
template <class E, class T>
contracts::IndexMapParameters<E> in_packs(const contracts::IndexMapParameters<T>& p) {
    constexpr std::int64_t width = E::width;
    contracts::IndexMapParameters<E> packs;
    const auto& last = p.axis[p.axes - 1];
    bool fits = aligned(p.x, p.y) && last.step == 1 && last.stride == 1 && last.size % width == 0 &&
                last.source_size % width == 0 && last.start % width == 0;
    for (int a = 0; a < p.axes; ++a) {
        const auto& from = p.axis[a];
        auto& to = packs.axis[a];
        to = {from.size, from.source_size, from.start, from.step, from.stride / width};
        if (a < p.axes - 1) fits = fits && from.stride % width == 0;
    }
    auto& inner = packs.axis[p.axes - 1];
    inner = {last.size / width, last.source_size / width, last.start / width, 1, 1};
    packs.axes = fits ? p.axes : 0;
    packs.x = reinterpret_cast<const E*>(p.x);
    packs.y = reinterpret_cast<E*>(p.y);
    return packs;
}

template <class E>
void start_index_map(Cuda& device, const contracts::IndexMapParameters<E>& p) {
    start(device, "index_map", index_map<E>, grid_for(p.size()), p.size(), p);
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::IndexMapParameters<T>& p) {
    if (p.size() == 0) return;
    const auto packs = cuda::in_packs<cuda::Pack<T, cuda::pack_width<T>>>(p);
    if (packs.axes > 0)
        cuda::start_index_map(device, packs);
    else
        cuda::start_index_map(device, p);
}

}  // namespace gantry
