#pragma once
// EigenCpu's kernels without user-defined functors are compiled once for all tests, optimised, in
// eigen_kernels.cpp. Without this, each test file would take 10 s more to compile, for slower kernels.
#include <gantry/eigen/eigen.hpp>

#define GANTRY_KERNEL(prefix, name, T) prefix template void launch(EigenCpu&, const contracts::name<T>&);
// clang-format off
#define GANTRY_EIGEN_KERNELS(prefix, T)                         \
    GANTRY_KERNEL(prefix, BatchNormParameters, T)               \
    GANTRY_KERNEL(prefix, BatchNormEvaluationParameters, T)     \
    GANTRY_KERNEL(prefix, BatchNormGradientParameters, T)       \
    GANTRY_KERNEL(prefix, BroadcastParameters, T)               \
    GANTRY_KERNEL(prefix, ClipToNormParameters, T)              \
    GANTRY_KERNEL(prefix, ConvolutionParameters, T)             \
    GANTRY_KERNEL(prefix, ConvolutionTransposedParameters, T)   \
    GANTRY_KERNEL(prefix, ConvolutionWeightGradientParameters, T) \
    GANTRY_KERNEL(prefix, CopyBlockParameters, T)               \
    GANTRY_KERNEL(prefix, CrossEntropyParameters, T)            \
    GANTRY_KERNEL(prefix, DropoutParameters, T)                 \
    GANTRY_KERNEL(prefix, FillParameters, T)                    \
    GANTRY_KERNEL(prefix, GatherSamplesParameters, T)           \
    GANTRY_KERNEL(prefix, GatherScalarsParameters, T)           \
    GANTRY_KERNEL(prefix, MatmulParameters, T)                  \
    GANTRY_KERNEL(prefix, MaxPoolParameters, T)                 \
    GANTRY_KERNEL(prefix, MaxoutScatterParameters, T)           \
    GANTRY_KERNEL(prefix, MaxoutSelectParameters, T)            \
    GANTRY_KERNEL(prefix, NormParameters, T)                    \
    GANTRY_KERNEL(prefix, NormalParameters, T)                  \
    GANTRY_KERNEL(prefix, SoftmaxParameters, T)                 \
    GANTRY_KERNEL(prefix, SumParameters, T)                     \
    GANTRY_KERNEL(prefix, SwitchGatherParameters, T)            \
    GANTRY_KERNEL(prefix, SwitchScatterParameters, T)           \
    GANTRY_KERNEL(prefix, UniformParameters, T)                 \
    GANTRY_KERNEL(prefix, WindowSpreadParameters, T)            \
    GANTRY_KERNEL(prefix, ResamplingParameters, T)              \
    GANTRY_KERNEL(prefix, WindowSumParameters, T)
// clang-format on

#ifndef GANTRY_TEST_MUTANT  // mutation tests recompile single tests, with the few kernels that each calls
namespace gantry {
GANTRY_EIGEN_KERNELS(extern, float)
GANTRY_EIGEN_KERNELS(extern, double)
}  // namespace gantry
#endif
