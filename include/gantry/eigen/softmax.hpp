#pragma once
#include <gantry/contracts/softmax.hpp>
#include <gantry/eigen/device.hpp>

#include <cmath>
#include <cstddef>

namespace gantry {

template <class T>
void launch(EigenCpu&, const contracts::SoftmaxParameters<T>& p) {
    for (std::size_t r = 0; r < p.rows; ++r) {
        eigen::Row<double> y = eigen::row(p.x + r * p.columns, p.columns).template cast<double>();
        y -= y.maxCoeff();
        const double sum = y.exp().sum();
        y = p.log ? (y - std::log(sum)).eval() : (y.exp() / sum).eval();
        eigen::row(p.y + r * p.columns, p.columns) = y.template cast<T>();
    }
}

template <class T, class Sum>
void launch(EigenCpu&, const contracts::CrossEntropyParameters<T, Sum>& p) {
    double loss = 0;
    for (std::size_t r = 0; r < p.rows; ++r) {
        const auto targets = eigen::row(p.targets + r * p.columns, p.columns).template cast<double>();
        eigen::Row<double> x = eigen::row(p.x + r * p.columns, p.columns).template cast<double>();
        x -= x.maxCoeff();
        const double sum = x.exp().sum();
        loss += (targets * (std::log(sum) - x)).sum();
        if (p.gradient)
            eigen::row(p.gradient + r * p.columns, p.columns) =
                (p.scale * (x.exp() * (targets.sum() / sum) - targets)).template cast<T>();
    }
    *p.value = static_cast<T>(p.scale * loss);
}

}  // namespace gantry
