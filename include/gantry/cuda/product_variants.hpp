#pragma once
// The variants of matrix products and convolutions, which `launch` selects from, for tests and benchmarks.
// gantry::cuda instantiates them for float and double.
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/matmul.hpp>
#include <gantry/cuda/device.hpp>

#include <cstddef>

namespace gantry::cuda {

/// The product by gantry's tiled kernel, with bias and activation fused.
template <class T>
void matmul_tiled(Cuda&, const contracts::MatmulParameters<T>&);
/// The product by cuBLAS, with bias and activation in a second pass.
template <class T>
void matmul_cublas(Cuda&, const contracts::MatmulParameters<T>&);
/// y = activation(y + bias) for y (rows, columns) and bias (columns), in place; a null bias is 0.
template <class T>
void add_bias_and_activate(Cuda&, T* y, std::size_t rows, std::size_t columns, const T* bias,
                           contracts::Activation);

/// The convolution by gantry's tiled kernels.
template <class T>
void convolution_tiled(Cuda&, const contracts::ConvolutionParameters<T>&);
template <class T>
void convolution_tiled(Cuda&, const contracts::ConvolutionTransposedParameters<T>&);
template <class T>
void convolution_tiled(Cuda&, const contracts::ConvolutionWeightGradientParameters<T>&);
/// The convolution by gantry's depthwise kernels: only if ConvolutionGeometry::is_depthwise.
template <class T>
void convolution_depthwise(Cuda&, const contracts::ConvolutionParameters<T>&);
template <class T>
void convolution_depthwise(Cuda&, const contracts::ConvolutionTransposedParameters<T>&);
template <class T>
void convolution_depthwise(Cuda&, const contracts::ConvolutionWeightGradientParameters<T>&);
/// The convolution by cuDNN. Returns false and launches nothing if cuDNN cannot compute it.
template <class T>
bool convolution_cudnn(Cuda&, const contracts::ConvolutionParameters<T>&);
template <class T>
bool convolution_cudnn(Cuda&, const contracts::ConvolutionTransposedParameters<T>&);
template <class T>
bool convolution_cudnn(Cuda&, const contracts::ConvolutionWeightGradientParameters<T>&);

}  // namespace gantry::cuda
