#pragma once
#include <gantry/contracts/batch_norm.hpp>
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/copy.hpp>
#include <gantry/contracts/elementwise.hpp>
#include <gantry/contracts/gather.hpp>
#include <gantry/contracts/index_map.hpp>
#include <gantry/contracts/loss.hpp>
#include <gantry/contracts/matmul.hpp>
#include <gantry/contracts/maxout.hpp>
#include <gantry/contracts/norm.hpp>
#include <gantry/contracts/optimizers.hpp>
#include <gantry/contracts/pooling.hpp>
#include <gantry/contracts/random.hpp>
#include <gantry/contracts/reduce.hpp>
#include <gantry/contracts/resampling.hpp>
#include <gantry/contracts/softmax.hpp>
#include <gantry/cuda/convolution_rule.hpp>
#include <gantry/cuda/device.hpp>

namespace gantry {

// Declarations of the GPU kernels, for any C++ compiler. They are defined in kernels/*.cuh and instantiated
// in gantry::cuda for float and double, elementwise ones for every functor of gantry. A user-defined functor
// is compiled in a .cu file that includes kernels/elementwise.cuh.
// Each overload launches the kernel described by its parameters in the device's stream. The parameter structs
// in gantry/contracts/ document the computation.

template <class F, class T, std::size_t N>
void launch(Cuda&, const contracts::ElementwiseParameters<F, T, N>&);
template <class F, class T, std::size_t N>
void launch(Cuda&, const contracts::TransformReduceParameters<F, T, N>&);
template <class F, class T, std::size_t N>
void launch(Cuda&, const contracts::LossParameters<F, T, N>&);

template <class T>
void launch(Cuda&, const contracts::MatmulParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::BatchedMatmulParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::ConvolutionParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::ConvolutionTransposedParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::ConvolutionWeightGradientParameters<T>&);

template <class T>
void launch(Cuda&, const contracts::BatchNormParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::BatchNormEvaluationParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::BatchNormGradientParameters<T>&);

template <class T>
void launch(Cuda&, const contracts::MaxPoolParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::SwitchGatherParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::SwitchScatterParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::WindowSumParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::WindowSpreadParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::ResamplingParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::MaxoutSelectParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::MaxoutScatterParameters<T>&);

template <class T>
void launch(Cuda&, const contracts::SumParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::NormParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::ClipToNormParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::BroadcastParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::CopyBlockParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::FillParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::IndexMapParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::GatherSamplesParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::GatherScalarsParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::GatherRowsParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::ScatterRowsParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::OneHotParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::ArgmaxParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::WriteIntegersParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::SoftmaxParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::CrossEntropyParameters<T>&);

template <class T>
void launch(Cuda&, const contracts::UniformParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::UniformIntegersParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::NormalParameters<T>&);
template <class T>
void launch(Cuda&, const contracts::DropoutParameters<T>&);

template <class F>
void launch(Cuda&, const contracts::UpdateParameters<F>&);

}  // namespace gantry
