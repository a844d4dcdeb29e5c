#pragma once
#include <gantry/contracts/optimizers.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace gantry {

// Absent moments are tested for each vector: the branch always goes the same way and costs nothing next to
// the memory traffic.

template <class F>
void launch(Cpu& device, const contracts::UpdateParameters<F>& p) {
    using T = typename F::scalar;
    using V = cpu::Vector<T>;
    [&]<std::size_t... k>(std::index_sequence<k...>) {
        const auto loop = [&p](std::size_t, std::size_t vectors, const auto& in, const auto& out) {
            const F update = p.update;  // a copy, so that no store can alias its constants
            const T* const gradient = in[0].data;
            T* const weight = out[0];
            T* const moments[] = {out[k + 1]...};
            for (std::size_t i = 0; i < vectors * cpu::lanes<T>; i += cpu::lanes<T>) {
                V w = cpu::load(weight + i);
                V moment[] = {(moments[k] ? cpu::load(moments[k] + i) : V{})...};
                update(cpu::load(gradient + i), w, moment[k]...);
                ((moments[k] ? cpu::store(moments[k] + i, moment[k]) : void()), ...);
                cpu::store(weight + i, w);
            }
        };
        cpu::vector_loop<T, 1, 1 + F::moments>(device, p.size, {{{p.g}}}, {p.w, p.moments[k]...}, loop);
    }(std::make_index_sequence<F::moments>{});
}

}  // namespace gantry
