#pragma once
// Each variant of a product or a convolution by itself, for tests and benchmarks: `launch` chooses among
// them. gantry::cuda has them for float and double.
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/matmul.hpp>
#include <gantry/cuda/device.hpp>

#include <cstddef>

namespace gantry::cuda {

template <class T>
void matmul_tiled(Cuda&, const MatmulParameters<T>&);
template <class T>
void matmul_cublas(Cuda&, const MatmulParameters<T>&);
template <class T>
void add_bias_and_activate(Cuda&, T* y, std::size_t rows, std::size_t columns, const T* bias, Activation);

template <class T>
void convolution_tiled(Cuda&, const ConvolutionParameters<T>&);
template <class T>
void convolution_tiled(Cuda&, const ConvolutionTransposedParameters<T>&);
template <class T>
void convolution_tiled(Cuda&, const ConvolutionWeightGradientParameters<T>&);
// cuDNN's return false, and launch nothing, if it cannot compute the convolution.
template <class T>
bool convolution_cudnn(Cuda&, const ConvolutionParameters<T>&);
template <class T>
bool convolution_cudnn(Cuda&, const ConvolutionTransposedParameters<T>&);
template <class T>
bool convolution_cudnn(Cuda&, const ConvolutionWeightGradientParameters<T>&);

}  // namespace gantry::cuda
