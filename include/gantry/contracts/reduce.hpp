#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry::contracts {

/// The axis of a matrix that a sum reduces or a broadcast adds.
enum class Axis { rows, columns };

/// Reduction: y = scale * sum of each matrix of x (batches, rows, columns) over one axis. The order of
/// summation depends on the extents only. Sum: see Scalars.
template <class T, class Sum = T>
struct SumParameters {
    std::size_t rows = 0, columns = 0;
    Axis axis = Axis::rows;  ///< rows: sum over the rows, y is (batches, columns); columns: (batches, rows)
    const T* x = nullptr;
    T* y = nullptr;  ///< overwritten or, with accumulate, added to
    bool accumulate = false;
    double scale = 1;
    std::size_t batches = 1;
};

/// Broadcast: y (batches, rows, columns) = scale * x, repeated along one axis of each matrix.
template <class T>
struct BroadcastParameters {
    std::size_t rows = 0, columns = 0;
    Axis axis = Axis::rows;  ///< rows: x is (batches, columns), each row of y is x; columns: (batches, rows)
    const T* x = nullptr;
    T* y = nullptr;
    double scale = 1;
    std::size_t batches = 1;
};

}  // namespace gantry::contracts
