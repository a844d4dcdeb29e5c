#include "copy.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::CopyBlockParameters<float>&);
template void launch(Cuda&, const contracts::CopyBlockParameters<double>&);
template void launch(Cuda&, const contracts::CopyBlockParameters<std::int32_t>&);
template void launch(Cuda&, const contracts::FillParameters<float>&);
template void launch(Cuda&, const contracts::FillParameters<double>&);
template void launch(Cuda&, const contracts::FillParameters<std::int32_t>&);

}  // namespace gantry
