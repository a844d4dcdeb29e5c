#pragma once
#include "loop.cuh"
#include <gantry/core/math.hpp>
#include <gantry/cuda/launch.hpp>

namespace gantry {
namespace cuda {

template <int pack, class T>
__global__ void maxout_select(contracts::MaxoutSelectParameters<T> p) {
    for_each_pack<pack>(p.rows * p.columns, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        // i = row * columns + column; its piece k is at (row * pieces + k) * columns + column
        std::size_t at = i + i / p.columns * (p.pieces - 1) * p.columns;
        P largest = load<P>(p.x + at), chosen = load<P>(p.values + at);
        for (std::size_t piece = 1; piece < p.pieces; ++piece) {
            at += p.columns;
            const P x = load<P>(p.x + at), value = load<P>(p.values + at);
            for (int k = 0; k < P::width; ++k) {
                const bool larger = math::replaces_largest(x.at[k], largest.at[k]);
                largest.at[k] = larger ? x.at[k] : largest.at[k];
                chosen.at[k] = larger ? value.at[k] : chosen.at[k];
            }
        }
        store(p.out + i, chosen);
    });
}

/// The first of the pieces with the largest element, for each element of a pack. Pieces are `step` apart.
template <class P, class T>
__device__ Pack<unsigned, P::width> largest_piece(const T* x, std::size_t step, std::size_t pieces) {
    P largest = load<P>(x);
    Pack<unsigned, P::width> winner = {};
    for (unsigned piece = 1; piece < pieces; ++piece) {
        const P candidate = load<P>(x + piece * step);
        for (int k = 0; k < P::width; ++k) {
            const bool larger = math::replaces_largest(candidate.at[k], largest.at[k]);
            largest.at[k] = larger ? candidate.at[k] : largest.at[k];
            winner.at[k] = larger ? piece : winner.at[k];
        }
    }
    return winner;
}

template <int pack, class T>
__global__ void maxout_scatter(contracts::MaxoutScatterParameters<T> p) {
    for_each_pack<pack>(p.rows * p.columns, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        const std::size_t first = i + i / p.columns * (p.pieces - 1) * p.columns;
        const P value = load<P>(p.values + i);
        const auto winner = largest_piece<P>(p.x + first, p.columns, p.pieces);
        for (unsigned piece = 0; piece < p.pieces; ++piece) {
            P out;
            for (int k = 0; k < P::width; ++k) out.at[k] = winner.at[k] == piece ? value.at[k] : T{0};
            store(p.out + first + piece * p.columns, out);
        }
    });
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::MaxoutSelectParameters<T>& p) {
    const std::size_t size = p.rows * p.columns;
    if (size == 0) return;
    const bool packs = p.columns % cuda::pack_width<T> == 0 && cuda::aligned(p.x, p.values, p.out);
    cuda::with_width<T>(packs, [&](auto pack) {
        cuda::start(device, "maxout_select", cuda::maxout_select<decltype(pack)::value, T>,
                    cuda::grid_for(size / pack), p);
    });
}

template <class T>
void launch(Cuda& device, const contracts::MaxoutScatterParameters<T>& p) {
    const std::size_t size = p.rows * p.columns;
    if (size == 0) return;
    const bool packs = p.columns % cuda::pack_width<T> == 0 && cuda::aligned(p.x, p.values, p.out);
    cuda::with_width<T>(packs, [&](auto pack) {
        cuda::start(device, "maxout_scatter", cuda::maxout_scatter<decltype(pack)::value, T>,
                    cuda::grid_for(size / pack), p);
    });
}

}  // namespace gantry
