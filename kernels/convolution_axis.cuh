#pragma once
#include "launch.cuh"
#include <gantry/contracts/convolution.hpp>

namespace gantry::cuda {

/// One axis of a convolution, or of one phase of a transposed one, as a sum over taps. Result r is pixel
/// first_result + r result_step; its tap k multiplies source pixel first_source + r source_step + k tap_step
/// by weight first_weight + k weight_step.
struct SumAxis {
    int results, first_result, result_step;
    int first_source, source_step, tap_step;
    int taps, first_weight, weight_step;
};

__host__ __device__ constexpr SumAxis forward_axis(const contracts::ConvolutionAxis& a) {
    return {a.out, 0, 1, -a.padding, a.stride, a.dilation, a.size, 0, 1};
}

/// Phase `phase` of a transposed convolution: pixels phase, phase + stride, ... of x. They share their taps,
/// those k with k dilation = phase + padding modulo the stride.
__host__ __device__ constexpr SumAxis transposed_axis(const contracts::ConvolutionAxis& a, int phase) {
    int divisor = a.stride;  // gcd(stride, dilation)
    for (int rest = a.dilation % a.stride; rest != 0;) {
        const int next = divisor % rest;
        divisor = rest;
        rest = next;
    }
    const int weight_step = a.stride / divisor, shifted = phase + a.padding;
    int first = 0;
    while (first < weight_step && (shifted - first * a.dilation) % a.stride != 0) ++first;
    const bool none = first == weight_step || first >= a.size;
    return {phase < a.in ? ceil_div(a.in - phase, a.stride) : 0,  phase, a.stride,
            none ? 0 : (shifted - first * a.dilation) / a.stride, 1,     -(a.dilation / divisor),
            none ? 0 : ceil_div(a.size - first, weight_step),     first, weight_step};
}

}  // namespace gantry::cuda
