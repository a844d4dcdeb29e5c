#pragma once
#include <gantry/contracts/reduce.hpp>
#include <gantry/eigen/device.hpp>

namespace gantry {

template <class T, class Sum>
void launch(EigenCpu&, const contracts::SumParameters<T, Sum>& p) {
    const auto x = eigen::table(p.x, p.rows, p.columns).template cast<double>();
    eigen::Row<double> sums;
    if (p.axis == contracts::Axis::rows)
        sums = x.colwise().sum();
    else
        sums = x.rowwise().sum().transpose();
    sums *= p.scale;
    auto y = eigen::row(p.y, p.axis == contracts::Axis::rows ? p.columns : p.rows);
    if (p.accumulate) sums += y.template cast<double>();
    y = sums.template cast<T>();
}

template <class T>
void launch(EigenCpu&, const contracts::BroadcastParameters<T>& p) {
    auto y = eigen::table(p.y, p.rows, p.columns);
    const auto scaled = [&p](std::size_t size) {
        return (p.scale * eigen::row(p.x, size).template cast<double>()).template cast<T>();
    };
    if (p.axis == contracts::Axis::rows)
        y.rowwise() = scaled(p.columns).eval();
    else
        y.colwise() = scaled(p.rows).transpose().eval();
}

}  // namespace gantry
