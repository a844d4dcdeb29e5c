#include "batch_norm.cuh"

namespace gantry {

template void launch(Cuda&, const BatchNormParameters<float>&);
template void launch(Cuda&, const BatchNormParameters<double>&);
template void launch(Cuda&, const BatchNormEvaluationParameters<float>&);
template void launch(Cuda&, const BatchNormEvaluationParameters<double>&);
template void launch(Cuda&, const BatchNormGradientParameters<float>&);
template void launch(Cuda&, const BatchNormGradientParameters<double>&);

}  // namespace gantry
