#pragma once
#include <gantry/contracts/batch_norm.hpp>
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/copy.hpp>
#include <gantry/contracts/elementwise.hpp>
#include <gantry/contracts/gather.hpp>
#include <gantry/contracts/loss.hpp>
#include <gantry/contracts/matmul.hpp>
#include <gantry/contracts/maxout.hpp>
#include <gantry/contracts/norm.hpp>
#include <gantry/contracts/optimizers.hpp>
#include <gantry/contracts/pooling.hpp>
#include <gantry/contracts/random.hpp>
#include <gantry/contracts/reduce.hpp>
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
void launch(Cuda&, const ElementwiseParameters<F, T, N>&);
template <class F, class T, std::size_t N>
void launch(Cuda&, const TransformReduceParameters<F, T, N>&);
template <class F, class T, std::size_t N>
void launch(Cuda&, const LossParameters<F, T, N>&);

template <class T>
void launch(Cuda&, const MatmulParameters<T>&);
template <class T>
void launch(Cuda&, const ConvolutionParameters<T>&);
template <class T>
void launch(Cuda&, const ConvolutionTransposedParameters<T>&);
template <class T>
void launch(Cuda&, const ConvolutionWeightGradientParameters<T>&);

template <class T>
void launch(Cuda&, const BatchNormParameters<T>&);
template <class T>
void launch(Cuda&, const BatchNormEvaluationParameters<T>&);
template <class T>
void launch(Cuda&, const BatchNormGradientParameters<T>&);

template <class T>
void launch(Cuda&, const MaxPoolParameters<T>&);
template <class T>
void launch(Cuda&, const SwitchGatherParameters<T>&);
template <class T>
void launch(Cuda&, const SwitchScatterParameters<T>&);
template <class T>
void launch(Cuda&, const WindowSumParameters<T>&);
template <class T>
void launch(Cuda&, const WindowSpreadParameters<T>&);
template <class T>
void launch(Cuda&, const MaxoutSelectParameters<T>&);
template <class T>
void launch(Cuda&, const MaxoutScatterParameters<T>&);

template <class T>
void launch(Cuda&, const SumParameters<T>&);
template <class T>
void launch(Cuda&, const NormParameters<T>&);
template <class T>
void launch(Cuda&, const ClipToNormParameters<T>&);
template <class T>
void launch(Cuda&, const BroadcastParameters<T>&);
template <class T>
void launch(Cuda&, const CopyBlockParameters<T>&);
template <class T>
void launch(Cuda&, const FillParameters<T>&);
template <class T>
void launch(Cuda&, const GatherSamplesParameters<T>&);
template <class T>
void launch(Cuda&, const GatherScalarsParameters<T>&);
template <class T>
void launch(Cuda&, const SoftmaxParameters<T>&);
template <class T>
void launch(Cuda&, const CrossEntropyParameters<T>&);

template <class T>
void launch(Cuda&, const UniformParameters<T>&);
template <class T>
void launch(Cuda&, const NormalParameters<T>&);
template <class T>
void launch(Cuda&, const DropoutParameters<T>&);

template <class F>
void launch(Cuda&, const UpdateParameters<F>&);

}  // namespace gantry
