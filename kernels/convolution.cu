#include "convolution.cuh"

namespace gantry {

template void launch(Cuda&, const ConvolutionParameters<float>&);
template void launch(Cuda&, const ConvolutionParameters<double>&);
template void launch(Cuda&, const ConvolutionTransposedParameters<float>&);
template void launch(Cuda&, const ConvolutionTransposedParameters<double>&);
template void launch(Cuda&, const ConvolutionWeightGradientParameters<float>&);
template void launch(Cuda&, const ConvolutionWeightGradientParameters<double>&);

// Each variant separately, for tests and benchmarks.
namespace cuda {
template void convolution_tiled(Cuda&, const ConvolutionParameters<float>&);
template void convolution_tiled(Cuda&, const ConvolutionParameters<double>&);
template void convolution_tiled(Cuda&, const ConvolutionTransposedParameters<float>&);
template void convolution_tiled(Cuda&, const ConvolutionTransposedParameters<double>&);
template void convolution_tiled(Cuda&, const ConvolutionWeightGradientParameters<float>&);
template void convolution_tiled(Cuda&, const ConvolutionWeightGradientParameters<double>&);
template bool convolution_cudnn(Cuda&, const ConvolutionParameters<float>&);
template bool convolution_cudnn(Cuda&, const ConvolutionParameters<double>&);
template bool convolution_cudnn(Cuda&, const ConvolutionTransposedParameters<float>&);
template bool convolution_cudnn(Cuda&, const ConvolutionTransposedParameters<double>&);
template bool convolution_cudnn(Cuda&, const ConvolutionWeightGradientParameters<float>&);
template bool convolution_cudnn(Cuda&, const ConvolutionWeightGradientParameters<double>&);
}  // namespace cuda

}  // namespace gantry
