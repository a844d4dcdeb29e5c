#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry {

/// Copies a block of a row-major matrix into a block of another: destination[r][c] = source[r][c].
/// Pointers stand at the block's first element, strides are those of the whole matrices, in elements.
template <class T>
struct CopyBlockParameters {
    std::size_t rows = 0, columns = 0;
    const T* source = nullptr;
    std::size_t source_stride = 0;
    T* destination = nullptr;
    std::size_t destination_stride = 0;
};

/// destination[i] = value
template <class T>
struct FillParameters {
    std::size_t size = 0;
    T* destination = nullptr;
    T value = 0;
};

}  // namespace gantry
