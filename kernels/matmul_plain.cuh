#pragma once
#include "activation.cuh"
#include "loop.cuh"
#include <gantry/contracts/matmul.hpp>

namespace gantry::cuda {

/// One thread per element: the reference implementation of the contract, against which matmul_tiled and
/// matmul_cublas are tested.
template <class T>
__global__ void matmul_plain_kernel(contracts::MatmulParameters<T> p) {
    const auto rows = static_cast<std::size_t>(p.rows), columns = static_cast<std::size_t>(p.columns);
    const auto inner = static_cast<std::size_t>(p.inner);
    const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= rows * columns) return;
    const std::size_t row = i / columns, column = i % columns;
    double sum = 0;
    for (std::size_t k = 0; k < inner; ++k)
        sum += static_cast<double>(p.a[p.transpose_a ? k * rows + row : row * inner + k]) *
               static_cast<double>(p.b[p.transpose_b ? column * inner + k : k * columns + column]);
    if (p.accumulate)
        p.c[i] = static_cast<T>(sum + static_cast<double>(p.c[i]));
    else
        p.c[i] =
            activate(p.activation, static_cast<T>(p.bias ? sum + static_cast<double>(p.bias[column]) : sum));
}

template <class T>
void matmul_plain(Cuda& device, const contracts::MatmulParameters<T>& p) {
    const std::size_t size = static_cast<std::size_t>(p.rows) * static_cast<std::size_t>(p.columns);
    if (size == 0) return;
    start(device, "matmul_plain", matmul_plain_kernel<T>,
          {static_cast<unsigned>(ceil_div<std::size_t>(size, block_threads)), block_threads}, p);
}

}  // namespace gantry::cuda
