#include "gather.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::GatherSamplesParameters<float>&);
template void launch(Cuda&, const contracts::GatherSamplesParameters<double>&);
template void launch(Cuda&, const contracts::GatherScalarsParameters<float>&);
template void launch(Cuda&, const contracts::GatherScalarsParameters<double>&);
template void launch(Cuda&, const contracts::GatherRowsParameters<float>&);
template void launch(Cuda&, const contracts::GatherRowsParameters<double>&);
template void launch(Cuda&, const contracts::ScatterRowsParameters<float>&);
template void launch(Cuda&, const contracts::ScatterRowsParameters<double>&);
template void launch(Cuda&, const contracts::OneHotParameters<float>&);
template void launch(Cuda&, const contracts::OneHotParameters<double>&);
template void launch(Cuda&, const contracts::ArgmaxParameters<float>&);
template void launch(Cuda&, const contracts::ArgmaxParameters<double>&);
template void launch(Cuda&, const contracts::WriteIntegersParameters<std::int32_t>&);

}  // namespace gantry
