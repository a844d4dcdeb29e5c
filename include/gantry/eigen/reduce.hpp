#pragma once
#include <gantry/contracts/reduce.hpp>
#include <gantry/eigen/device.hpp>

namespace gantry {

template <class T, class Sum>
void launch(EigenCpu&, const contracts::SumParameters<T, Sum>& p) {
    const bool over_rows = p.axis == contracts::Axis::rows;
    const std::size_t sums_of_batch = over_rows ? p.columns : p.rows;
    for (std::size_t b = 0; b < p.batches; ++b) {
        const auto x = eigen::table(p.x + b * p.rows * p.columns, p.rows, p.columns).template cast<double>();
        eigen::Row<double> sums;
        if (over_rows)
            sums = x.colwise().sum();
        else
            sums = x.rowwise().sum().transpose();
        sums *= p.scale;
        auto y = eigen::row(p.y + b * sums_of_batch, sums_of_batch);
        if (p.accumulate) sums += y.template cast<double>();
        y = sums.template cast<T>();
    }
}

template <class T>
void launch(EigenCpu&, const contracts::BroadcastParameters<T>& p) {
    const bool over_rows = p.axis == contracts::Axis::rows;
    const std::size_t size = over_rows ? p.columns : p.rows;
    for (std::size_t b = 0; b < p.batches; ++b) {
        auto y = eigen::table(p.y + b * p.rows * p.columns, p.rows, p.columns);
        const eigen::Row<T> x =
            (p.scale * eigen::row(p.x + b * size, size).template cast<double>()).template cast<T>();
        if (over_rows)
            y.rowwise() = x;
        else
            y.colwise() = x.transpose();
    }
}

}  // namespace gantry
