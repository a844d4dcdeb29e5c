#pragma once
#include "loop.cuh"
#include <gantry/contracts/pooling.hpp>

namespace gantry::cuda {

/// One thread per channel of an image, which visits the switches in order, so that sums have a fixed order.
/// The reference for switch_scatter.
template <class T>
__global__ void switch_scatter_plain(contracts::SwitchedImages e, const T* pooled, T* whole) {
    for_each_pack<1>(e.images * e.channels, [&](std::size_t i, auto) {
        const std::size_t image = i / e.channels, channel = i - image * e.channels;
        T* const to = whole + image * e.pixels * e.channels + channel;
        for (std::size_t q = 0; q < e.pixels; ++q) to[q * e.channels] = 0;
        for (std::size_t p = 0; p < e.pooled_pixels; ++p) {
            const std::size_t from = (image * e.pooled_pixels + p) * e.channels + channel;
            to[e.switches[from] * e.channels] += pooled[from];
        }
    });
}

}  // namespace gantry::cuda
