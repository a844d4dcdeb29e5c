#pragma once
#include <gantry/contracts/optimizers.hpp>
#include <gantry/eigen/device.hpp>

#include <cstddef>
#include <utility>

namespace gantry {

/// A plain loop, since the formula changes several arrays at once, which no Eigen expression does.
template <class F, class Gradient>
void launch(EigenCpu&, const contracts::UpdateParameters<F, Gradient>& p) {
    using T = typename F::scalar;
    for (std::size_t i = 0; i < p.size; ++i)
        [&]<std::size_t... k>(std::index_sequence<k...>) {
            T moments[] = {(p.moments[k] ? p.moments[k][i] : T{})...};
            p.update(static_cast<T>(p.g[i]), p.w[i], moments[k]...);
            ((p.moments[k] ? void(p.moments[k][i] = moments[k]) : void()), ...);
        }(std::make_index_sequence<F::moments>{});
}

}  // namespace gantry
