#include "random.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::UniformParameters<float>&);
template void launch(Cuda&, const contracts::UniformParameters<double>&);
template void launch(Cuda&, const contracts::UniformIntegersParameters<std::int32_t>&);
template void launch(Cuda&, const contracts::NormalParameters<float>&);
template void launch(Cuda&, const contracts::NormalParameters<double>&);
template void launch(Cuda&, const contracts::DropoutParameters<float>&);
template void launch(Cuda&, const contracts::DropoutParameters<double>&);

}  // namespace gantry
