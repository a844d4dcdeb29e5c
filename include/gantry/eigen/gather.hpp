#pragma once
#include <gantry/contracts/gather.hpp>
#include <gantry/contracts/index_check.hpp>
#include <gantry/eigen/device.hpp>

#include <cstddef>

namespace gantry {

template <class T>
void launch(EigenCpu&, const contracts::GatherSamplesParameters<T>& p) {
    for (std::size_t i = 0; i < p.count; ++i) {
        const auto bytes =
            eigen::row(p.x + p.samples[i] * p.sample_size, p.sample_size).template cast<double>();
        auto y = eigen::row(p.y + i * p.sample_size, p.sample_size);
        if (p.range == PixelRange::zero_to_one)
            y = (bytes / 255).template cast<T>();
        else
            y = ((2 * bytes - 255) / 255).template cast<T>();
    }
}

template <class T>
void launch(EigenCpu&, const contracts::GatherScalarsParameters<T>& p) {
    eigen::row(p.y, p.count) =
        eigen::Row<T>::NullaryExpr(static_cast<eigen::Index>(p.count),
                                   [&p](eigen::Index i) { return *p.from[static_cast<std::size_t>(i)]; });
}

template <class T>
void launch(EigenCpu&, const contracts::GatherRowsParameters<T>& p) {
    contracts::check_indices("embedding or gather", p.index, p.groups * p.count, p.rows);
    for (std::size_t i = 0; i < p.groups * p.count; ++i) {
        const std::size_t row = i / p.count * p.rows + static_cast<std::size_t>(p.index[i]);
        eigen::row(p.y + i * p.columns, p.columns) = eigen::row(p.x + row * p.columns, p.columns);
    }
}

template <class T>
void launch(EigenCpu&, const contracts::ScatterRowsParameters<T>& p) {
    if (!p.accumulate) eigen::row(p.x, p.groups * p.rows * p.columns).setZero();
    for (std::size_t i = 0; i < p.groups * p.count; ++i) {
        const std::size_t row = i / p.count * p.rows + static_cast<std::size_t>(p.index[i]);
        eigen::row(p.x + row * p.columns, p.columns) += eigen::row(p.y + i * p.columns, p.columns);
    }
}

template <class T>
void launch(EigenCpu&, const contracts::OneHotParameters<T>& p) {
    contracts::check_indices("one_hot", p.index, p.count, p.classes);
    eigen::row(p.y, p.count * p.classes).setZero();
    for (std::size_t i = 0; i < p.count; ++i)
        p.y[i * p.classes + static_cast<std::size_t>(p.index[i])] = T(1);
}

template <class T>
void launch(EigenCpu&, const contracts::ArgmaxParameters<T>& p) {
    for (std::size_t r = 0; r < p.rows; ++r)
        p.index[r] = contracts::index_of_largest(p.x + r * p.columns, p.columns);
}

template <class T>
void launch(EigenCpu&, const contracts::WriteIntegersParameters<T>& p) {
    eigen::row(p.y, p.count) = eigen::row(p.values.data(), p.count);
}

}  // namespace gantry
