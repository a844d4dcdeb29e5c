#include "reduce.cuh"

namespace gantry {

template void launch(Cuda&, const SumParameters<float>&);
template void launch(Cuda&, const SumParameters<double>&);
template void launch(Cuda&, const BroadcastParameters<float>&);
template void launch(Cuda&, const BroadcastParameters<double>&);

}  // namespace gantry
