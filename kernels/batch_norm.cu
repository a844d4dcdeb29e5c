#include "batch_norm.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::BatchNormParameters<float>&);
template void launch(Cuda&, const contracts::BatchNormParameters<double>&);
template void launch(Cuda&, const contracts::BatchNormEvaluationParameters<float>&);
template void launch(Cuda&, const contracts::BatchNormEvaluationParameters<double>&);
template void launch(Cuda&, const contracts::BatchNormGradientParameters<float>&);
template void launch(Cuda&, const contracts::BatchNormGradientParameters<double>&);

}  // namespace gantry
