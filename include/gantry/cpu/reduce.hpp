#pragma once
#include <gantry/contracts/reduce.hpp>
#include <gantry/core/math.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/column_reduction.hpp>
#include <gantry/cpu/simd/sum.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

template <class T>
struct SumOfColumn {
    static constexpr std::size_t results = 1;
    const T* x;

    template <std::size_t vectors, class Read>
    void block(Read read, std::size_t first, std::size_t, std::size_t rows, std::size_t width,
               std::array<Vector<T>, 1> (&out)[vectors]) const {
        Vector<T> sums[vectors] = {};
        for (std::size_t r = 0; r < rows; ++r, first += width)
            static_for<vectors>([&](auto v)
                                    GANTRY_ALWAYS_INLINE { sums[v] += read(x, first + v * lanes<T>); });
        for (std::size_t v = 0; v < vectors; ++v) out[v] = {sums[v]};
    }
    template <class V>
    static void merge(std::array<V, 1>& a, std::size_t, const std::array<V, 1>& b, std::size_t) {
        a[0] += b[0];
    }
};

/// Calls f(threads, i) for each of several matrices: one after another with all threads, or each by one
/// thread if there are enough matrices for all.
template <class F>
void for_matrices(int threads, std::size_t matrices, std::size_t size, const F& f) {
    if (matrices < static_cast<std::size_t>(threads)) {
        for (std::size_t i = 0; i < matrices; ++i) f(threads, i);
        return;
    }
    parallel_ranges(threads, matrices, 1, worthwhile_elements / size,
                    [&](std::size_t begin, std::size_t end) {
                        for (std::size_t i = begin; i < end; ++i) f(1, i);
                    });
}

/// y (rows, columns) = scale * x in each row. Copies what is already there, as much as the L1 cache holds.
template <class T>
void repeat_row(const T* x, T scale, std::size_t columns, std::size_t rows, T* y) {
    for (std::size_t c = 0; c < columns; ++c) y[c] = scale * x[c];
    const std::size_t size = rows * columns, most = std::max<std::size_t>(1, 2048 / columns) * columns;
    for (std::size_t done = columns; done < size;) {
        const std::size_t count = std::min({done, most, size - done});
        std::copy_n(y, count, y + done);
        done += count;
    }
}

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::SumParameters<T>& p) {
    const auto finish = [&p](std::size_t i, double sum) {
        p.y[i] = static_cast<T>(p.scale * sum + (p.accumulate ? static_cast<double>(p.y[i]) : 0));
    };
    if (p.axis == contracts::Axis::columns) {
        const std::size_t worthwhile = cpu::worthwhile_elements / std::max<std::size_t>(1, p.columns);
        cpu::parallel_ranges(device.threads(), p.batches * p.rows, 1, worthwhile,
                             [&](std::size_t begin, std::size_t end) {
                                 for (std::size_t r = begin; r < end; ++r)
                                     finish(r, cpu::sum(p.x + r * p.columns, p.columns));
                             });
    } else if (p.rows == 0) {
        for (std::size_t c = 0; c < p.batches * p.columns; ++c) finish(c, 0);
    } else if (p.columns > 0) {
        const cpu::ColumnReduction<T> columns(p.rows, p.columns);
        const auto sum_matrix = [&](int threads, std::size_t b) {
            const T* const x = p.x + b * p.rows * p.columns;
            T* const memory = cpu::scratch<T>(columns.memory(1));
            const T* const sums = columns.reduce(threads, memory, cpu::detail::SumOfColumn<T>{x})[0];
            for (std::size_t c = 0; c < p.columns; ++c)
                finish(b * p.columns + c, math::is_finite(sums[c])
                                              ? static_cast<double>(sums[c])
                                              : cpu::sum_in_double(x + c, p.rows, p.columns));
        };
        cpu::detail::for_matrices(device.threads(), p.batches, p.rows * p.columns, sum_matrix);
    }
}

template <class T>
void launch(Cpu& device, const contracts::BroadcastParameters<T>& p) {
    using namespace cpu;
    if (p.rows == 0 || p.columns == 0) return;
    const T scale = static_cast<T>(p.scale);
    if (p.axis == contracts::Axis::columns) {
        parallel_ranges(device.threads(), p.batches * p.rows, 1, worthwhile_elements / p.columns,
                        [&](std::size_t begin, std::size_t end) {
                            for (std::size_t r = begin; r < end; ++r)
                                std::fill_n(p.y + r * p.columns, p.columns, scale * p.x[r]);
                        });
        return;
    }
    if (p.batches > 1) {
        const std::size_t size = p.rows * p.columns;
        parallel_ranges(device.threads(), p.batches, 1, worthwhile_elements / size,
                        [&](std::size_t begin, std::size_t end) {
                            for (std::size_t b = begin; b < end; ++b)
                                cpu::detail::repeat_row(p.x + b * p.columns, scale, p.columns, p.rows,
                                                        p.y + b * size);
                        });
        return;
    }
    const ColumnReduction<T> columns(p.rows, p.columns);
    T* const row = scratch<T>(columns.repeated_length());
    for (std::size_t c = 0; c < p.columns; ++c) row[c] = scale * p.x[c];
    columns.repeat(row, row);
    vector_loop<T, 0, 1>(device, p.rows * p.columns, {}, {p.y},
                         [&](std::size_t begin, std::size_t vectors, const auto&, const auto& out) {
                             auto column = ColumnPhase::of<T>(begin, p.columns);
                             T* y = out[0];
                             for (std::size_t v = 0; v < vectors; ++v, column.next())
                                 store(y + v * lanes<T>, load(row + column()));
                         });
}

}  // namespace gantry
