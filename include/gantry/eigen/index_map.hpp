#pragma once
#include <gantry/contracts/index_map.hpp>
#include <gantry/eigen/device.hpp>

#include <cstddef>
#include <cstdint>

namespace gantry {

template <class T>
void launch(EigenCpu&, const contracts::IndexMapParameters<T>& p) {
    const auto element = [&p](eigen::Index index) {
        std::int64_t rest = index;
        const T* x = p.x;
        for (int a = p.axes - 1; a >= 0; --a) {
            const auto& axis = p.axis[a];
            const std::int64_t j = axis.start + axis.step * (rest % axis.size);
            rest /= axis.size;
            if (j < 0 || j >= axis.source_size) return T(0);
            x += static_cast<std::size_t>(j) * axis.stride;
        }
        return *x;
    };
    eigen::row(p.y, p.size()) = eigen::Row<T>::NullaryExpr(static_cast<eigen::Index>(p.size()), element);
}

}  // namespace gantry
