#pragma once
#include <gantry/contracts/copy.hpp>
#include <gantry/eigen/device.hpp>

namespace gantry {

template <class T, class From>
void launch(EigenCpu&, const contracts::CopyBlockParameters<T, From>& p) {
    const auto columns = static_cast<eigen::Index>(p.columns);
    eigen::table(p.destination, p.rows, p.destination_stride).leftCols(columns) =
        eigen::table(p.source, p.rows, p.source_stride).leftCols(columns).template cast<T>();
}

template <class T>
void launch(EigenCpu&, const contracts::FillParameters<T>& p) {
    eigen::row(p.destination, p.size) = p.value;
}

}  // namespace gantry
