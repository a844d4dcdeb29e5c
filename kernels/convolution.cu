#include "convolution.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::ConvolutionParameters<float>&);
template void launch(Cuda&, const contracts::ConvolutionParameters<double>&);
template void launch(Cuda&, const contracts::ConvolutionTransposedParameters<float>&);
template void launch(Cuda&, const contracts::ConvolutionTransposedParameters<double>&);
template void launch(Cuda&, const contracts::ConvolutionWeightGradientParameters<float>&);
template void launch(Cuda&, const contracts::ConvolutionWeightGradientParameters<double>&);

// Each variant separately, for tests and benchmarks.
namespace cuda {
template void convolution_tiled(Cuda&, const contracts::ConvolutionParameters<float>&);
template void convolution_tiled(Cuda&, const contracts::ConvolutionParameters<double>&);
template void convolution_tiled(Cuda&, const contracts::ConvolutionTransposedParameters<float>&);
template void convolution_tiled(Cuda&, const contracts::ConvolutionTransposedParameters<double>&);
template void convolution_tiled(Cuda&, const contracts::ConvolutionWeightGradientParameters<float>&);
template void convolution_tiled(Cuda&, const contracts::ConvolutionWeightGradientParameters<double>&);
template void convolution_depthwise(Cuda&, const contracts::ConvolutionParameters<float>&);
template void convolution_depthwise(Cuda&, const contracts::ConvolutionParameters<double>&);
template void convolution_depthwise(Cuda&, const contracts::ConvolutionTransposedParameters<float>&);
template void convolution_depthwise(Cuda&, const contracts::ConvolutionTransposedParameters<double>&);
template void convolution_depthwise(Cuda&, const contracts::ConvolutionWeightGradientParameters<float>&);
template void convolution_depthwise(Cuda&, const contracts::ConvolutionWeightGradientParameters<double>&);
template bool convolution_cudnn(Cuda&, const contracts::ConvolutionParameters<float>&);
template bool convolution_cudnn(Cuda&, const contracts::ConvolutionParameters<double>&);
template bool convolution_cudnn(Cuda&, const contracts::ConvolutionTransposedParameters<float>&);
template bool convolution_cudnn(Cuda&, const contracts::ConvolutionTransposedParameters<double>&);
template bool convolution_cudnn(Cuda&, const contracts::ConvolutionWeightGradientParameters<float>&);
template bool convolution_cudnn(Cuda&, const contracts::ConvolutionWeightGradientParameters<double>&);
}  // namespace cuda

}  // namespace gantry
