#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>
#include <cstdint>

namespace gantry::contracts {

/// Index map: y[i_0, i_1, ...] = x[j_0, j_1, ...] with j_a = start_a + step_a i_a, or 0 where a j_a is
/// outside of x. y is dense and row-major; x is read with strides, so it may have its axes in another order.
template <class T>
struct IndexMapParameters {
    /// An axis of y, and the axis of x that it runs along.
    struct Axis {
        std::int64_t size = 1;         ///< extent of y
        std::int64_t source_size = 1;  ///< extent of x
        std::int64_t start = 0;
        int step = 1;            ///< 1, or -1 to reverse the axis
        std::size_t stride = 1;  ///< of x, in elements
    };
    static constexpr int most_axes = 5;

    int axes = 0;
    Axis axis[most_axes];  ///< the first `axes` are used
    const T* x = nullptr;
    T* y = nullptr;

    /// Number of elements of y.
    std::size_t size() const {
        std::size_t product = 1;
        for (int a = 0; a < axes; ++a) product *= static_cast<std::size_t>(axis[a].size);
        return product;
    }
};

}  // namespace gantry::contracts
