#pragma once
// Kernels for tensors of T with sums in Sum: the kernels of Sum on converted copies of the arrays, whose
// results are rounded to T once. The copies cost a pass over memory each and stay allocated as scratch
// memory.
#include <gantry/contracts/batch_norm.hpp>
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/copy.hpp>
#include <gantry/contracts/matmul.hpp>
#include <gantry/contracts/reduce.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/batch_norm.hpp>
#include <gantry/cpu/convolution/convolution.hpp>
#include <gantry/cpu/copy.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/gemm/matmul.hpp>
#include <gantry/cpu/reduce.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Copies of the arrays of a launch in another scalar. Each array has its own `number`, and null stays null.
template <class Sum>
class Widened {
public:
    explicit Widened(Cpu& device) : device_(device) {}

    /// A copy of an array that the kernel reads.
    template <int number, class T>
    Sum* read(const T* array, std::size_t size) const {
        Sum* const copy = overwrite<number>(array, size);
        if (copy) copy_block(array, copy, size);
        return copy;
    }
    /// Memory for an array that the kernel overwrites.
    template <int number, class T>
    Sum* overwrite(const T* array, std::size_t size) const {
        constexpr int slots_of_kernels = 3;
        return array ? scratch<Sum, slots_of_kernels + number>(size) : nullptr;
    }
    /// The same for an array that the kernel adds to if `accumulate`.
    template <int number, class T>
    Sum* write(const T* array, std::size_t size, bool accumulate) const {
        return accumulate ? read<number>(array, size) : overwrite<number>(array, size);
    }
    /// Rounds the kernel's result.
    template <class T>
    void round(const Sum* result, T* array, std::size_t size) const {
        if (array) copy_block(result, array, size);
    }

private:
    template <class From, class To>
    void copy_block(const From* from, To* to, std::size_t size) const {
        launch(device_, contracts::CopyBlockParameters<To, From>{1, size, from, size, to, size});
    }

    Cpu& device_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET

namespace gantry {

template <class T, class Sum>
void launch(Cpu& device, const contracts::MatmulParameters<T, Sum>& p) {
    const auto rows = static_cast<std::size_t>(p.rows), columns = static_cast<std::size_t>(p.columns),
               inner = static_cast<std::size_t>(p.inner);
    const cpu::Widened<Sum> wide(device);
    const contracts::MatmulParameters<Sum> q{.rows = p.rows,
                                             .columns = p.columns,
                                             .inner = p.inner,
                                             .transpose_a = p.transpose_a,
                                             .transpose_b = p.transpose_b,
                                             .a = wide.template read<0>(p.a, rows * inner),
                                             .b = wide.template read<1>(p.b, inner * columns),
                                             .c = wide.template write<2>(p.c, rows * columns, p.accumulate),
                                             .accumulate = p.accumulate,
                                             .bias = wide.template read<3>(p.bias, columns),
                                             .activation = p.activation};
    launch(device, q);
    wide.round(q.c, p.c, rows * columns);
}

template <class T, class Sum>
void launch(Cpu& device, const contracts::BatchedMatmulParameters<T, Sum>& p) {
    for (std::size_t i = 0; i < p.batches; ++i) launch(device, p.product(i));
}

template <class T, class Sum>
void launch(Cpu& device, const contracts::ConvolutionParameters<T, Sum>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    const cpu::Widened<Sum> wide(device);
    const contracts::ConvolutionParameters<Sum> q{
        .geometry = g,
        .x = wide.template read<0>(p.x, g.x_size()),
        .w = wide.template read<1>(p.w, g.w_size()),
        .y = wide.template overwrite<2>(p.y, g.y_size()),
        .bias = wide.template read<3>(p.bias, static_cast<std::size_t>(g.out_channels)),
        .activation = p.activation};
    launch(device, q);
    wide.round(q.y, p.y, g.y_size());
}

template <class T, class Sum>
void launch(Cpu& device, const contracts::ConvolutionTransposedParameters<T, Sum>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    const cpu::Widened<Sum> wide(device);
    const contracts::ConvolutionTransposedParameters<Sum> q{
        .geometry = g,
        .y = wide.template read<0>(p.y, g.y_size()),
        .w = wide.template read<1>(p.w, g.w_size()),
        .x = wide.template overwrite<2>(p.x, g.x_size()),
        .bias = wide.template read<3>(p.bias, static_cast<std::size_t>(g.in_channels)),
        .activation = p.activation};
    launch(device, q);
    wide.round(q.x, p.x, g.x_size());
}

template <class T, class Sum>
void launch(Cpu& device, const contracts::ConvolutionWeightGradientParameters<T, Sum>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    const cpu::Widened<Sum> wide(device);
    const contracts::ConvolutionWeightGradientParameters<Sum> q{
        .geometry = g,
        .x = wide.template read<0>(p.x, g.x_size()),
        .y = wide.template read<1>(p.y, g.y_size()),
        .w = wide.template write<2>(p.w, g.w_size(), p.accumulate),
        .accumulate = p.accumulate};
    launch(device, q);
    wide.round(q.w, p.w, g.w_size());
}

template <class T, class Sum>
void launch(Cpu& device, const contracts::BatchNormParameters<T, Sum>& p) {
    const std::size_t size = p.rows * p.columns;
    const cpu::Widened<Sum> wide(device);
    const contracts::BatchNormParameters<Sum> q{
        .rows = p.rows,
        .columns = p.columns,
        .x = wide.template read<0>(p.x, size),
        .scale = wide.template read<1>(p.scale, p.columns),
        .shift = wide.template read<2>(p.shift, p.columns),
        .y = wide.template overwrite<3>(p.y, size),
        .mean = p.mean,
        .rstd = p.rstd,
        .running_mean = wide.template read<4>(p.running_mean, p.columns),
        .running_variance = wide.template read<5>(p.running_variance, p.columns),
        .epsilon = p.epsilon,
        .momentum = p.momentum,
        .activation = p.activation,
        .mean_rest = p.mean_rest};
    launch(device, q);
    wide.round(q.y, p.y, size);
    wide.round(q.running_mean, p.running_mean, p.columns);
    wide.round(q.running_variance, p.running_variance, p.columns);
}

template <class T, class Sum>
void launch(Cpu& device, const contracts::BatchNormGradientParameters<T, Sum>& p) {
    const std::size_t size = p.rows * p.columns;
    const cpu::Widened<Sum> wide(device);
    const contracts::BatchNormGradientParameters<Sum> q{
        .rows = p.rows,
        .columns = p.columns,
        .upstream = wide.template read<0>(p.upstream, size),
        .x = wide.template read<1>(p.x, size),
        .scale = wide.template read<2>(p.scale, p.columns),
        .shift = wide.template read<3>(p.shift, p.columns),
        .mean = p.mean,
        .rstd = p.rstd,
        .x_gradient = wide.template overwrite<4>(p.x_gradient, size),
        .scale_gradient = wide.template write<5>(p.scale_gradient, p.columns, p.accumulate),
        .shift_gradient = wide.template write<6>(p.shift_gradient, p.columns, p.accumulate),
        .accumulate = p.accumulate,
        .activation = p.activation,
        .mean_rest = p.mean_rest};
    launch(device, q);
    wide.round(q.x_gradient, p.x_gradient, size);
    wide.round(q.scale_gradient, p.scale_gradient, p.columns);
    wide.round(q.shift_gradient, p.shift_gradient, p.columns);
}

template <class T, class Sum>
void launch(Cpu& device, const contracts::SumParameters<T, Sum>& p) {
    const std::size_t sums = p.batches * (p.axis == contracts::Axis::rows ? p.columns : p.rows);
    const cpu::Widened<Sum> wide(device);
    const contracts::SumParameters<Sum> q{.rows = p.rows,
                                          .columns = p.columns,
                                          .axis = p.axis,
                                          .x = wide.template read<0>(p.x, p.batches * p.rows * p.columns),
                                          .y = wide.template write<1>(p.y, sums, p.accumulate),
                                          .accumulate = p.accumulate,
                                          .scale = p.scale,
                                          .batches = p.batches};
    launch(device, q);
    wide.round(q.y, p.y, sums);
}

}  // namespace gantry
