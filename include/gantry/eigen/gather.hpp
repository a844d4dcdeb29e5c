#pragma once
#include <gantry/contracts/gather.hpp>
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

}  // namespace gantry
