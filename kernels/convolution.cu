#include "convolution.cuh"

namespace gantry {

template void launch(Cuda&, const ConvolutionParameters<float>&);
template void launch(Cuda&, const ConvolutionParameters<double>&);
template void launch(Cuda&, const ConvolutionTransposedParameters<float>&);
template void launch(Cuda&, const ConvolutionTransposedParameters<double>&);
template void launch(Cuda&, const ConvolutionWeightGradientParameters<float>&);
template void launch(Cuda&, const ConvolutionWeightGradientParameters<double>&);

}  // namespace gantry
