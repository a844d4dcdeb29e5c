#include "reduce.cuh"

namespace gantry {

template void launch(Cuda&, const SumParameters<float>&);
template void launch(Cuda&, const SumParameters<double>&);
template void launch(Cuda&, const NormParameters<float>&);
template void launch(Cuda&, const NormParameters<double>&);
template void launch(Cuda&, const ClipToNormParameters<float>&);
template void launch(Cuda&, const ClipToNormParameters<double>&);
template void launch(Cuda&, const BroadcastParameters<float>&);
template void launch(Cuda&, const BroadcastParameters<double>&);

}  // namespace gantry
