#pragma once
#include "loop.cuh"
#include <gantry/contracts/optimizers.hpp>
#include <gantry/cuda/launch.hpp>

#include <cstddef>
#include <utility>

namespace gantry {
namespace cuda {

/// Applies an update to element j of the packs.
template <class F, class P, std::size_t... k>
__device__ void update_element(const F& update, const P& gradient, P& w, P* moments, int j,
                               std::index_sequence<k...>) {
    update(gradient.at[j], w.at[j], moments[k].at[j]...);
}

// Absent moments are tested for each pack: all threads take the same branch, and it costs nothing next to the
// memory traffic.
template <int pack, class F>
__global__ void update_parameters(contracts::UpdateParameters<F> p) {
    for_each_pack<pack>(p.size, [&](std::size_t i, auto width) {
        using P = Pack<typename F::scalar, decltype(width)::value>;
        const P gradient = load<P>(p.g + i);
        P w = load<P>(p.w + i), moments[F::moments] = {};
        for (int k = 0; k < F::moments; ++k)
            if (p.moments[k]) moments[k] = load<P>(p.moments[k] + i);
        for (int j = 0; j < P::width; ++j)
            update_element(p.update, gradient, w, moments, j, std::make_index_sequence<F::moments>{});
        for (int k = 0; k < F::moments; ++k)
            if (p.moments[k]) store(p.moments[k] + i, moments[k]);
        store(p.w + i, w);
    });
}

}  // namespace cuda

template <class F>
void launch(Cuda& device, const contracts::UpdateParameters<F>& p) {
    using T = typename F::scalar;
    if (p.size == 0) return;
    bool packs = cuda::aligned(p.w, p.g);
    for (const T* moment : p.moments) packs = packs && cuda::aligned(moment);
    cuda::with_width<T>(packs, [&](auto pack) {
        cuda::start(device, F::name, cuda::update_parameters<decltype(pack)::value, F>,
                    cuda::grid_for(cuda::ceil_div<std::size_t>(p.size, pack)), p);
    });
}

}  // namespace gantry
