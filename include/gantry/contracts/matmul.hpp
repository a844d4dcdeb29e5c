#pragma once
#include <gantry/contracts/activation.hpp>

namespace gantry::contracts {

/// C = activation(op(A) op(B) + bias), or C += op(A) op(B) with `accumulate`, which excludes bias and
/// activation. op(A) is A or its transpose. All matrices are dense and row-major. Scalars: see Scalars.
template <class T, class Sum = T, class Parameter = T>
struct MatmulParameters {
    int rows = 0, columns = 0, inner = 0;  ///< M, N and K: C is (rows, columns), K = inner is summed over
    bool transpose_a = false, transpose_b = false;
    const T* a = nullptr;  ///< (rows, inner); transposed: (inner, rows)
    const T* b = nullptr;  ///< (inner, columns); transposed: (columns, inner)
    T* c = nullptr;        ///< (rows, columns), overwritten or, with accumulate, added to
    bool accumulate = false;
    const Parameter* bias = nullptr;  ///< (columns), added to each row; null: none
    Activation activation = {};
};

}  // namespace gantry::contracts
