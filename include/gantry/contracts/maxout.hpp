#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry::contracts {

/// Selects one of `pieces` per row and column: the one with the largest x (rows, pieces, columns), the first
/// if several are equal, or the first NaN. `pieces` is at most 2^24. out (rows, columns) = values (rows,
/// pieces, columns) at that piece.
template <class T>
struct MaxoutSelectParameters {
    std::size_t rows = 0, pieces = 0, columns = 0;
    const T* x = nullptr;
    const T* values = nullptr;  ///< equal to x for maxout itself
    T* out = nullptr;
};

/// The adjoint: out (rows, pieces, columns) = values (rows, columns) at the piece with the largest x, 0
/// elsewhere.
template <class T>
struct MaxoutScatterParameters {
    std::size_t rows = 0, pieces = 0, columns = 0;
    const T* x = nullptr;
    const T* values = nullptr;
    T* out = nullptr;
};

}  // namespace gantry::contracts
