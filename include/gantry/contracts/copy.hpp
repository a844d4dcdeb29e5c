#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry::contracts {

/// Copies a block between two row-major matrices: destination[r][c] = source[r][c], rounded to T. The
/// pointers address the first element of the block; strides are the row strides of the matrices, in elements.
template <class T, class From = T>
struct CopyBlockParameters {
    std::size_t rows = 0, columns = 0;
    const From* source = nullptr;
    std::size_t source_stride = 0;
    T* destination = nullptr;
    std::size_t destination_stride = 0;
};

/// Fill: destination[i] = value.
template <class T>
struct FillParameters {
    std::size_t size = 0;
    T* destination = nullptr;
    T value = 0;
};

}  // namespace gantry::contracts
