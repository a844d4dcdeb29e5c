#pragma once
#include "block_reduce.cuh"
#include "loop.cuh"
#include <gantry/cuda/launch.hpp>
#include <gantry/math.hpp>

#include <limits>

namespace gantry {
namespace cuda {

// As variables, since kernels cannot call functions of the standard library.
template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T largest_number = std::numeric_limits<T>::max();

/// A row and the warp that has it: its threads take every 32nd number.
template <class T>
struct WarpRow {
    std::size_t row;
    bool inside;
    unsigned lane;

    __device__ explicit WarpRow(std::size_t rows)
        : row(std::size_t{blockIdx.x} * (block_threads / warp_threads) + threadIdx.x / warp_threads),
          inside(row < rows),
          lane(threadIdx.x % warp_threads) {}

    template <class F>
    __device__ void for_columns(std::size_t columns, const F& f) const {
        for (std::size_t c = lane; c < columns; c += warp_threads) f(c);
    }
};
inline Grid grid_of_warps(std::size_t rows) {
    return {static_cast<unsigned>(ceil_div<std::size_t>(rows, block_threads / warp_threads)), block_threads};
}

/// The largest of a row, and the sum of exp(x - largest).
template <class T>
struct ExponentialSum {
    T largest, sum;

    __device__ ExponentialSum(const WarpRow<T>& row, const T* x, std::size_t columns) {
        T mine = -infinity<T>;
        row.for_columns(columns, [&](std::size_t c) { mine = math::max(x[c], mine); });
        largest = warp_combine(mine, [](T a, T b) { return math::max(a, b); });
        mine = 0;
        row.for_columns(columns, [&](std::size_t c) { mine += math::exp(x[c] - largest); });
        sum = warp_sum(mine);
    }
};

template <class T>
__global__ void softmax(SoftmaxParameters<T> p) {
    const WarpRow<T> row(p.rows);
    if (!row.inside) return;
    const T* const x = p.x + row.row * p.columns;
    T* const y = p.y + row.row * p.columns;
    const ExponentialSum<T> total(row, x, p.columns);
    row.for_columns(p.columns, [&](std::size_t c) { y[c] = math::exp(x[c] - total.largest) / total.sum; });
}

template <class T>
__global__ void cross_entropy(CrossEntropyParameters<T> p) {
    const WarpRow<T> row(p.rows);
    if (!row.inside) return;
    const T* const x = p.x + row.row * p.columns;
    const T* const targets = p.targets + row.row * p.columns;
    const ExponentialSum<T> total(row, x, p.columns);
    const T log_sum = math::log(total.sum);
    T loss = 0;
    row.for_columns(p.columns, [&](std::size_t c) {
        loss += targets[c] * math::min(total.largest - x[c] + log_sum, largest_number<T>);  // 0 times it is 0
    });
    loss = warp_sum(loss);
    if (row.lane == 0) p.losses[row.row] = loss;
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const SoftmaxParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    cuda::start(device, "softmax", cuda::softmax<T>, cuda::grid_of_warps(p.rows), p);
}

template <class T>
void launch(Cuda& device, const CrossEntropyParameters<T>& p) {
    if (p.rows == 0) return;
    cuda::start(device, "cross_entropy", cuda::cross_entropy<T>, cuda::grid_of_warps(p.rows), p);
}

}  // namespace gantry
