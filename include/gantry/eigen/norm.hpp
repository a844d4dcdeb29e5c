#pragma once
#include <gantry/contracts/norm.hpp>
#include <gantry/eigen/device.hpp>

#include <cmath>

namespace gantry {

template <class T>
void launch(EigenCpu&, const contracts::NormParameters<T>& p) {
    const auto x = eigen::row(p.x, p.size).template cast<double>();
    const double squares = x.square().sum();
    const double scale = contracts::ScaledNorm::scale_of(contracts::ScaledNorm::fitting_scale<T>(squares));
    const double norm = scale == 1 ? std::sqrt(squares) : std::sqrt((scale * x).square().sum());
    *p.scaled = {norm, scale};
    *p.norm = static_cast<T>(norm / scale);
}

template <class T>
void launch(EigenCpu&, const contracts::ClipToNormParameters<T>& p) {
    auto x = eigen::row(p.x, p.size);
    const double scale = p.scaled->scale;
    x = (p.scaled->clip_factor(p.max_norm) * (scale * x.template cast<double>())).template cast<T>();
}

}  // namespace gantry
