#pragma once
#include <gantry/contracts/activation.hpp>

#include <cstddef>

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

/// Products of many matrices of the same extents: C_i = op(A_i) op(B_i), or C_i += op(A_i) op(B_i). The
/// matrices of each operand follow one another in memory.
template <class T, class Sum = T>
struct BatchedMatmulParameters {
    std::size_t batches = 0;
    MatmulParameters<T, Sum> first;  ///< of the first matrices; without bias and activation

    /// The product of matrices `index`.
    MatmulParameters<T, Sum> product(std::size_t index) const {
        const auto rows = static_cast<std::size_t>(first.rows),
                   columns = static_cast<std::size_t>(first.columns),
                   inner = static_cast<std::size_t>(first.inner);
        MatmulParameters<T, Sum> p = first;
        p.a += index * rows * inner;
        p.b += index * inner * columns;
        p.c += index * rows * columns;
        return p;
    }
};

}  // namespace gantry::contracts
