#pragma once
#include "loop.cuh"

namespace gantry::cuda {

/// to (columns, rows) = or += the transpose of from (rows, columns), through shared memory, so that both
/// matrices are accessed along their rows.
template <class T>
__global__ void transpose_kernel(const T* from, T* to, int rows, int columns, bool accumulate) {
    constexpr int edge = 32;
    __shared__ T tile[edge][edge + 1];
    const int x = static_cast<int>(threadIdx.x), first_row = static_cast<int>(blockIdx.y) * edge,
              first_column = static_cast<int>(blockIdx.x) * edge;
    for (int y = static_cast<int>(threadIdx.y); y < edge; y += static_cast<int>(blockDim.y))
        if (first_row + y < rows && first_column + x < columns)
            tile[y][x] = from[static_cast<std::size_t>(first_row + y) * columns + first_column + x];
    __syncthreads();
    for (int y = static_cast<int>(threadIdx.y); y < edge; y += static_cast<int>(blockDim.y))
        if (first_column + y < columns && first_row + x < rows) {
            T& at = to[static_cast<std::size_t>(first_column + y) * rows + first_row + x];
            at = accumulate ? at + tile[x][y] : tile[x][y];
        }
}

template <class T>
void transpose(Cuda& device, const T* from, T* to, int rows, int columns, bool accumulate = false) {
    start(
        device, "transpose", transpose_kernel<T>,
        {{static_cast<unsigned>(ceil_div(columns, 32)), static_cast<unsigned>(ceil_div(rows, 32))}, {32, 8}},
        from, to, rows, columns, accumulate);
}

}  // namespace gantry::cuda
