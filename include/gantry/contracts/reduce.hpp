#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry {

/// Which extent of a matrix a sum removes, or a broadcast adds.
enum class Axis { rows, columns };

/// y = scale * sum of the matrix x (rows, columns) over one axis, in an order that depends on the extents
/// alone.
template <class T>
struct SumParameters {
    std::size_t rows = 0, columns = 0;
    Axis axis = Axis::rows;  ///< rows: y is (columns); columns: y is (rows)
    const T* x = nullptr;
    T* y = nullptr;  ///< overwritten or, with accumulate, added to
    bool accumulate = false;
    double scale = 1;
};

/// y (rows, columns) = scale * x, repeated along one axis.
template <class T>
struct BroadcastParameters {
    std::size_t rows = 0, columns = 0;
    Axis axis = Axis::rows;  ///< rows: x is (columns), each row of y is x; columns: x is (rows)
    const T* x = nullptr;
    T* y = nullptr;
    double scale = 1;
};

}  // namespace gantry
