#pragma once
#include "block_reduce.cuh"
#include "loop.cuh"
#include <gantry/core/math.hpp>
#include <gantry/cuda/launch.hpp>

#include <algorithm>
#include <limits>

namespace gantry {
namespace cuda {

// Variables, since kernels cannot call host functions of the standard library.
template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T largest_number = std::numeric_limits<T>::max();

/// A thread's share of a row: every `threads`-th element.
struct RowShare {
    std::size_t columns;
    unsigned threads, thread;

    template <class F>
    __device__ void for_columns(const F& f) const {
        for (std::size_t c = thread; c < columns; c += threads) f(c);
    }
    /// Reduces the values of the threads of the row by combine(a, b). All of them get the result.
    template <class T, class Combine>
    __device__ T combined(T mine, const Combine& combine) const {
        for (unsigned distance = threads / 2; distance > 0; distance /= 2)
            mine = combine(mine, __shfl_xor_sync(0xffffffffu, mine, distance));
        return mine;
    }
    template <class T>
    __device__ T sum(T mine) const {
        return combined(mine, [](T a, T b) { return a + b; });
    }
};

/// How rows are divided: `part` rows per block, several at once, with `threads` threads of a warp per row. It
/// depends on the extents alone.
struct RowParts {
    std::size_t rows, columns, part;
    unsigned threads;  ///< per row: 1, 2, 4, ... or 32

    /// The largest number of parts.
    static RowParts of(std::size_t rows, std::size_t columns) {
        unsigned threads = 1;
        while (threads < warp_threads && threads * 4 < columns) threads *= 2;
        return {rows, columns, block_threads / threads, threads};
    }
    /// For a sum over all rows: at most 1024 parts, and only one, which takes one launch, for up to 4096
    /// elements.
    static RowParts of_sum(std::size_t rows, std::size_t columns) {
        constexpr std::size_t few = std::size_t{block_threads} * 16, most_parts = 1024;
        RowParts parts = of(rows, columns);
        const std::size_t at_once = parts.part, wanted = rows * columns <= few ? 1 : most_parts;
        parts.part = std::max<std::size_t>(1, ceil_div(ceil_div(rows, wanted), at_once)) * at_once;
        return parts;
    }
    /// At least one, since the sum of no rows is 0 and must be written.
    std::size_t count() const { return std::max<std::size_t>(1, ceil_div(rows, part)); }
    Grid grid() const { return {static_cast<unsigned>(count()), block_threads}; }

    /// Calls f(row, share) for the rows of the block, in all threads of a warp together. Shares beyond the
    /// last row are empty.
    template <class F>
    __device__ void for_rows(const F& f) const {
        const std::size_t begin = blockIdx.x * part, end = min(begin + part, rows);
        for (std::size_t first = begin; first < end; first += block_threads / threads) {
            const std::size_t row = first + threadIdx.x / threads;
            f(row, RowShare{row < end ? columns : 0, threads, threadIdx.x % threads});
        }
    }
};

/// Largest element of a row, and the sum of exp(x - largest).
template <class T>
struct ExponentialSum {
    T largest, sum;

    __device__ ExponentialSum(const RowShare& share, const T* x) {
        T mine = -infinity<T>;
        share.for_columns([&](std::size_t c) { mine = math::max(x[c], mine); });
        largest = share.combined(mine, [](T a, T b) { return math::max(a, b); });
        mine = 0;
        share.for_columns([&](std::size_t c) { mine += math::exp(x[c] - largest); });
        sum = share.sum(mine);
    }
};

template <class T>
__global__ void softmax(contracts::SoftmaxParameters<T> p, RowParts parts) {
    parts.for_rows([&](std::size_t row, const RowShare& share) {
        const T* const x = p.x + row * p.columns;
        T* const y = p.y + row * p.columns;
        const ExponentialSum<T> total(share, x);
        const T log_sum = math::log(total.sum);
        share.for_columns([&](std::size_t c) {
            const T rest = x[c] - total.largest;
            y[c] = p.log ? rest - log_sum : math::exp(rest) / total.sum;
        });
    });
}

/// values[part] = scale * the sum of the losses of the part's rows. Also writes the gradient unless it is
/// null.
template <class T>
__global__ void cross_entropy(contracts::CrossEntropyParameters<T> p, RowParts parts, T* values) {
    T loss = 0;
    parts.for_rows([&](std::size_t row, const RowShare& share) {
        const T* const x = p.x + row * p.columns;
        const T* const targets = p.targets + row * p.columns;
        const ExponentialSum<T> total(share, x);
        const T log_sum = math::log(total.sum);
        T weight = 0;
        share.for_columns([&](std::size_t c) {
            // Finite, so that 0 times it is 0.
            loss += targets[c] * math::min(total.largest - x[c] + log_sum, largest_number<T>);
            weight += targets[c];
        });
        if (!p.gradient) return;
        const T factor = share.sum(weight) / total.sum, scale = static_cast<T>(p.scale);
        T* const gradient = p.gradient + row * p.columns;
        share.for_columns([&](std::size_t c) {
            gradient[c] = scale * (factor * math::exp(x[c] - total.largest) - targets[c]);
        });
    });
    __shared__ double sums[block_threads / warp_threads];
    const double sum = sum_of_warps(static_cast<double>(warp_sum(loss)), sums);
    if (threadIdx.x == 0) values[blockIdx.x] = static_cast<T>(p.scale * sum);
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::SoftmaxParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const auto parts = cuda::RowParts::of(p.rows, p.columns);
    cuda::start(device, "softmax", cuda::softmax<T>, parts.grid(), p, parts);
}

template <class T>
void launch(Cuda& device, const contracts::CrossEntropyParameters<T>& p) {
    const auto parts = cuda::RowParts::of_sum(p.rows, p.columns);
    const std::size_t count = parts.count();
    T* const values = count == 1 ? p.value : static_cast<T*>(device.arena().allocate(count * sizeof(T)));
    cuda::start(device, "cross_entropy", cuda::cross_entropy<T>, parts.grid(), p, parts, values);
    if (count > 1)
        launch(device, contracts::SumParameters<T>{1, count, contracts::Axis::columns, values, p.value});
}

}  // namespace gantry
