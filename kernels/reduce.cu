#include "reduce.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::SumParameters<float>&);
template void launch(Cuda&, const contracts::SumParameters<double>&);
template void launch(Cuda&, const contracts::NormParameters<float>&);
template void launch(Cuda&, const contracts::NormParameters<double>&);
template void launch(Cuda&, const contracts::ClipToNormParameters<float>&);
template void launch(Cuda&, const contracts::ClipToNormParameters<double>&);
template void launch(Cuda&, const contracts::BroadcastParameters<float>&);
template void launch(Cuda&, const contracts::BroadcastParameters<double>&);

}  // namespace gantry
