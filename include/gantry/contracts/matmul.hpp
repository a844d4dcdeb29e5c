#pragma once
#include <gantry/contracts/activation.hpp>

namespace gantry {

/// C = activation(op(A) op(B) + bias), or C += op(A) op(B). All matrices are dense and row-major.
/// Where `accumulate` is set there is neither bias nor activation.
template <class T>
struct MatmulParameters {
    int rows = 0, columns = 0, inner = 0;  ///< extents of C, and the extent that is summed over
    bool transpose_a = false, transpose_b = false;
    const T* a = nullptr;  ///< (rows, inner); transposed: (inner, rows)
    const T* b = nullptr;  ///< (inner, columns); transposed: (columns, inner)
    T* c = nullptr;        ///< (rows, columns), overwritten or, with accumulate, added to
    bool accumulate = false;
    const T* bias = nullptr;  ///< (columns) or none: added to each row
    Activation activation = {};
};

}  // namespace gantry
