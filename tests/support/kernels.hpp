#pragma once
// Lists the kernels of a device without user-defined functors: see cpu_kernels.hpp and eigen_kernels.hpp.

#define GANTRY_KERNEL(prefix, Device, name, T) \
    prefix template void launch(Device&, const contracts::name<T>&);
// clang-format off
#define GANTRY_ALL_KERNELS(prefix, Device, T)                                \
    GANTRY_KERNEL(prefix, Device, BatchNormParameters, T)                    \
    GANTRY_KERNEL(prefix, Device, ArgmaxParameters, T)                       \
    GANTRY_KERNEL(prefix, Device, BatchedMatmulParameters, T)                \
    GANTRY_KERNEL(prefix, Device, BatchNormEvaluationParameters, T)          \
    GANTRY_KERNEL(prefix, Device, BatchNormGradientParameters, T)            \
    GANTRY_KERNEL(prefix, Device, BroadcastParameters, T)                    \
    GANTRY_KERNEL(prefix, Device, ClipToNormParameters, T)                   \
    GANTRY_KERNEL(prefix, Device, ConvolutionParameters, T)                  \
    GANTRY_KERNEL(prefix, Device, ConvolutionTransposedParameters, T)        \
    GANTRY_KERNEL(prefix, Device, ConvolutionWeightGradientParameters, T)    \
    GANTRY_KERNEL(prefix, Device, CopyBlockParameters, T)                    \
    GANTRY_KERNEL(prefix, Device, CrossEntropyParameters, T)                 \
    GANTRY_KERNEL(prefix, Device, DropoutParameters, T)                      \
    GANTRY_KERNEL(prefix, Device, FillParameters, T)                         \
    GANTRY_KERNEL(prefix, Device, GatherSamplesParameters, T)                \
    GANTRY_KERNEL(prefix, Device, GatherRowsParameters, T)                   \
    GANTRY_KERNEL(prefix, Device, GatherScalarsParameters, T)                \
    GANTRY_KERNEL(prefix, Device, IndexMapParameters, T)                     \
    GANTRY_KERNEL(prefix, Device, MatmulParameters, T)                       \
    GANTRY_KERNEL(prefix, Device, MaxPoolParameters, T)                      \
    GANTRY_KERNEL(prefix, Device, MaxoutScatterParameters, T)                \
    GANTRY_KERNEL(prefix, Device, MaxoutSelectParameters, T)                 \
    GANTRY_KERNEL(prefix, Device, NormParameters, T)                         \
    GANTRY_KERNEL(prefix, Device, NormalParameters, T)                       \
    GANTRY_KERNEL(prefix, Device, OneHotParameters, T)                       \
    GANTRY_KERNEL(prefix, Device, ResamplingParameters, T)                   \
    GANTRY_KERNEL(prefix, Device, ScatterRowsParameters, T)                  \
    GANTRY_KERNEL(prefix, Device, SoftmaxParameters, T)                      \
    GANTRY_KERNEL(prefix, Device, SumParameters, T)                          \
    GANTRY_KERNEL(prefix, Device, SwitchGatherParameters, T)                 \
    GANTRY_KERNEL(prefix, Device, SwitchScatterParameters, T)                \
    GANTRY_KERNEL(prefix, Device, UniformParameters, T)                      \
    GANTRY_KERNEL(prefix, Device, WindowSpreadParameters, T)                 \
    GANTRY_KERNEL(prefix, Device, WindowSumParameters, T)
// clang-format on
