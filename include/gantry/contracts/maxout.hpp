#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry {

/// Both read x (rows, pieces, columns) and mean, for each row and column, the piece with the largest x (the
/// first of equals). Select:  out (rows, columns) = values (rows, pieces, columns) at that piece.
template <class T>
struct MaxoutSelectParameters {
    std::size_t rows = 0, pieces = 0, columns = 0;
    const T* x = nullptr;
    const T* values = nullptr;  ///< may be x itself: then this is maxout
    T* out = nullptr;
};

/// Scatter: out (rows, pieces, columns) = values (rows, columns) at that piece, 0 elsewhere.
template <class T>
struct MaxoutScatterParameters {
    std::size_t rows = 0, pieces = 0, columns = 0;
    const T* x = nullptr;
    const T* values = nullptr;
    T* out = nullptr;
};

}  // namespace gantry
